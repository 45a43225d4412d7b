# A room is a folder of src/. These functions turn it into targets, with the same warnings, include
# root (src/) and sanitizers everywhere:
#
#   threadrunner_library(wire SOURCES frame.cpp DEPENDS base PUBLIC_LIBS ... PRIVATE_LIBS ...)
#   threadrunner_executable(threadrunner-dummy SOURCES main.cpp DEPENDS base wire)
#   threadrunner_test(wire SOURCES frame_test.cpp DEPENDS wire)
#   threadrunner_fuzz_target(decode SOURCES decode_fuzz.cpp DEPENDS wire)
#
# DEPENDS names rooms, *_LIBS names targets of other people's libraries. The target `programs`
# builds the executables without the tests.

add_custom_target(programs)

set(THREADRUNNER_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
    # a designated initializer leaves the rest to its defaults on purpose
    -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 sees faults inside libstdc++'s strings and vectors that are not there
    list(APPEND THREADRUNNER_WARNINGS -Wno-restrict -Wno-error=maybe-uninitialized
        -Wno-error=array-bounds -Wno-error=stringop-overflow -Wno-error=stringop-overread)
endif()
if(THREADRUNNER_WERROR)
    list(PREPEND THREADRUNNER_WARNINGS -Werror)
endif()

function(_threadrunner_configure target)
    target_compile_options(${target} PRIVATE ${THREADRUNNER_WARNINGS} ${THREADRUNNER_SANITIZE_FLAGS}
        -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
        # -O3 buys our own code nothing that a bench can see, and costs a third of the build
        $<$<CONFIG:Release>:-O2>)
    target_link_options(${target} PRIVATE ${THREADRUNNER_SANITIZE_FLAGS})
    target_include_directories(${target} PRIVATE
        ${PROJECT_SOURCE_DIR}/src ${THREADRUNNER_GENERATED_DIR})
    target_compile_definitions(${target} PRIVATE
        BOOST_ASIO_NO_DEPRECATED
        $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
endfunction()

function(_threadrunner_link target visibility)
    foreach(room IN LISTS ARGN)
        target_link_libraries(${target} ${visibility} threadrunner::${room})
    endforeach()
endfunction()

function(threadrunner_library room)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;PUBLIC_LIBS;PRIVATE_LIBS" ${ARGN})
    add_library(threadrunner_${room} STATIC ${arg_SOURCES})
    add_library(threadrunner::${room} ALIAS threadrunner_${room})
    _threadrunner_configure(threadrunner_${room})
    _threadrunner_link(threadrunner_${room} PUBLIC ${arg_DEPENDS})
    target_link_libraries(threadrunner_${room}
        PUBLIC ${arg_PUBLIC_LIBS} PRIVATE ${arg_PRIVATE_LIBS})
endfunction()

function(threadrunner_executable name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    _threadrunner_configure(${name})
    _threadrunner_link(${name} PRIVATE ${arg_DEPENDS})
    target_link_libraries(${name} PRIVATE ${arg_LIBS})
    # what a folder outside `all` builds, such as bench's tools, is no program of the product
    get_directory_property(apart EXCLUDE_FROM_ALL)
    if(NOT apart)
        add_dependencies(programs ${name})
        # only the command is for people's PATH; base/paths finds the others from there
        set(place ${CMAKE_INSTALL_LIBEXECDIR}/threadrunner)
        if(name STREQUAL "threadrunner")
            set(place ${CMAKE_INSTALL_BINDIR})
        endif()
        install(TARGETS ${name} RUNTIME DESTINATION ${place})
    endif()
endfunction()

# One executable a room, one ctest entry each, named and labelled `unit`.
function(threadrunner_test room)
    if(NOT THREADRUNNER_TESTS)
        return()
    endif()
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBS" ${ARGN})
    add_executable(${room}_test ${arg_SOURCES})
    _threadrunner_configure(${room}_test)
    _threadrunner_link(${room}_test PRIVATE ${arg_DEPENDS})
    target_link_libraries(${room}_test PRIVATE
        ${arg_LIBS} rapidcheck GTest::gmock GTest::gtest_main)
    set_target_properties(${room}_test PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME unit.${room} COMMAND ${room}_test)
    set_tests_properties(unit.${room} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# Corpus: tests/fuzz/corpus/NAME. ctest only replays it; scripts/fuzz looks for more. The target
# `fuzz_targets` builds them all, with only the rooms that they need.
function(threadrunner_fuzz_target name)
    if(NOT THREADRUNNER_FUZZ)
        return()
    endif()
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBS" ${ARGN})
    add_executable(fuzz_${name} ${arg_SOURCES})
    _threadrunner_configure(fuzz_${name})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    _threadrunner_link(fuzz_${name} PRIVATE ${arg_DEPENDS})
    target_link_libraries(fuzz_${name} PRIVATE ${arg_LIBS})
    set_target_properties(fuzz_${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    if(NOT TARGET fuzz_targets)
        add_custom_target(fuzz_targets)
    endif()
    add_dependencies(fuzz_targets fuzz_${name})
    add_test(NAME fuzz.${name}
        COMMAND fuzz_${name} -runs=0 ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz)
endfunction()

# `headers` compiles every header of src/ alone (those there when CMake last ran). The engine's need
# llama.cpp, the sandbox's Wasmtime.
function(threadrunner_headers_target)
    file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR}/src
        ${PROJECT_SOURCE_DIR}/src/*.h)
    if(NOT THREADRUNNER_ENGINE)
        list(FILTER headers EXCLUDE REGEX "^engine/")
    endif()
    if(NOT THREADRUNNER_SANDBOX)
        list(FILTER headers EXCLUDE REGEX "^sandbox/")
    endif()
    set(sources)
    foreach(header IN LISTS headers)
        string(MAKE_C_IDENTIFIER ${header} name)
        set(source ${CMAKE_BINARY_DIR}/headers/${name}.cpp)
        file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
        list(APPEND sources ${source})
    endforeach()
    if(NOT sources)
        return()
    endif()
    add_library(headers OBJECT EXCLUDE_FROM_ALL ${sources})
    _threadrunner_configure(headers)
    target_link_libraries(headers PRIVATE Boost::headers nlohmann_json::nlohmann_json
        tomlplusplus::tomlplusplus spdlog::spdlog fmt::fmt CLI11::CLI11)
    if(TARGET threadrunner::llama)
        target_link_libraries(headers PRIVATE threadrunner::llama)
    endif()
    if(TARGET threadrunner::wasmtime)
        target_link_libraries(headers PRIVATE threadrunner::wasmtime)
    endif()
endfunction()
