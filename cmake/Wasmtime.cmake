# threadrunner::wasmtime: Wasmtime's C and C++ API, of deps/wasmtime: the library of its wheel,
# installed beside our programs, or one that becomes part of threadrunner-sandbox.
if(THREADRUNNER_WASMTIME STREQUAL "wheel")
    set(_script fetch-wasmtime)
    set(_place wasmtime)
elseif(THREADRUNNER_WASMTIME STREQUAL "static")
    set(_script build-wasmtime)
    set(_place wasmtime-static)
else()
    message(FATAL_ERROR "THREADRUNNER_WASMTIME is '${THREADRUNNER_WASMTIME}': use wheel or static")
endif()
execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/${_script}
    RESULT_VARIABLE _fetched ERROR_VARIABLE _fault OUTPUT_QUIET)
if(NOT _fetched EQUAL 0)
    message(FATAL_ERROR
        "threadrunner-sandbox needs Wasmtime, which could not be had:\n${_fault}"
        "-DTHREADRUNNER_SANDBOX=OFF builds everything but the sandbox.")
endif()
file(GLOB _inputs ${PROJECT_SOURCE_DIR}/deps/wasmtime/*
    ${PROJECT_SOURCE_DIR}/deps/wasmtime/static/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/scripts/${_script} ${_inputs})
set(THREADRUNNER_WASMTIME_DIR ${PROJECT_SOURCE_DIR}/build/deps/${_place})

if(THREADRUNNER_WASMTIME STREQUAL "static")
    find_package(Threads REQUIRED)
    add_library(threadrunner_wasmtime STATIC IMPORTED GLOBAL)
    set_target_properties(threadrunner_wasmtime PROPERTIES
        IMPORTED_LOCATION ${THREADRUNNER_WASMTIME_DIR}/lib/libwasmtime.a
        INTERFACE_COMPILE_DEFINITIONS THREADRUNNER_WASMTIME_STATIC
        INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m")
else()
    add_library(threadrunner_wasmtime SHARED IMPORTED GLOBAL)
    set_target_properties(threadrunner_wasmtime PROPERTIES
        IMPORTED_LOCATION ${THREADRUNNER_WASMTIME_DIR}/lib/libwasmtime.so
        IMPORTED_SONAME libwasmtime.so)
    install(FILES ${THREADRUNNER_WASMTIME_DIR}/lib/libwasmtime.so
        DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/threadrunner)
endif()
add_library(threadrunner::wasmtime ALIAS threadrunner_wasmtime)
target_include_directories(threadrunner_wasmtime SYSTEM INTERFACE
    ${THREADRUNNER_WASMTIME_DIR}/include)
