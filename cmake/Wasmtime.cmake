# threadrunner::wasmtime: Wasmtime's C and C++ API, of deps/wasmtime, and its library beside our
# programs where they are installed.
execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/fetch-wasmtime
    RESULT_VARIABLE _fetched ERROR_VARIABLE _fault OUTPUT_QUIET)
if(NOT _fetched EQUAL 0)
    message(FATAL_ERROR
        "threadrunner-sandbox needs Wasmtime, which could not be fetched:\n${_fault}"
        "-DTHREADRUNNER_SANDBOX=OFF builds everything but the sandbox.")
endif()
file(GLOB _inputs ${PROJECT_SOURCE_DIR}/deps/wasmtime/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/scripts/fetch-wasmtime ${_inputs})
set(THREADRUNNER_WASMTIME_DIR ${PROJECT_SOURCE_DIR}/build/deps/wasmtime)

add_library(threadrunner_wasmtime SHARED IMPORTED GLOBAL)
add_library(threadrunner::wasmtime ALIAS threadrunner_wasmtime)
set_target_properties(threadrunner_wasmtime PROPERTIES
    IMPORTED_LOCATION ${THREADRUNNER_WASMTIME_DIR}/lib/libwasmtime.so
    IMPORTED_SONAME libwasmtime.so)
target_include_directories(threadrunner_wasmtime SYSTEM INTERFACE
    ${THREADRUNNER_WASMTIME_DIR}/include)
install(FILES ${THREADRUNNER_WASMTIME_DIR}/lib/libwasmtime.so
    DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/threadrunner)
