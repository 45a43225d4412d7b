# The tools that come with ThreadRunner: WebAssembly modules, each built by a CMake of its own,
# since one CMake has one compiler.
#
#   threadrunner_wasi_tool(taglib MODULE taglib-sidecar.wasm INPUTS files... ARGUMENTS -D...)
#
# builds tools/NAME into build/PRESET/tools/NAME: the module and its tool.toml. The target `tools`
# builds them all, as do `programs` and `all`.

add_custom_target(tools)
add_dependencies(programs tools)

function(threadrunner_wasi_tool name)
    cmake_parse_arguments(arg "" "MODULE" "INPUTS;ARGUMENTS" ${ARGN})
    set(source ${PROJECT_SOURCE_DIR}/tools/${name})
    set(work ${CMAKE_BINARY_DIR}/wasi/${name})
    set(place ${CMAKE_BINARY_DIR}/tools/${name})
    file(GLOB own ${source}/*)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    # what they say is only of interest when one fails
    set(quietly sh -c "\"$@\" >${work}.log 2>&1 || (cat ${work}.log >&2 && false)" quietly)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/wasi)
    add_custom_command(OUTPUT ${place}/${arg_MODULE}
        COMMAND ${quietly} ${CMAKE_COMMAND} -S ${source} -B ${work} -G Ninja
            -DCMAKE_TOOLCHAIN_FILE=${PROJECT_SOURCE_DIR}/cmake/wasi.cmake
            -DCMAKE_BUILD_TYPE=MinSizeRel -DTHREADRUNNER_SOURCE_DIR=${PROJECT_SOURCE_DIR}
            -DTHREADRUNNER_VERSION=${PROJECT_VERSION} ${arg_ARGUMENTS}
        COMMAND ${quietly} ${CMAKE_COMMAND} --build ${work}
        COMMAND ${CMAKE_COMMAND} -E copy_if_different ${work}/${arg_MODULE} ${place}/${arg_MODULE}
        COMMAND ${CMAKE_COMMAND} -E touch ${place}/${arg_MODULE}
        DEPENDS ${own} ${arg_INPUTS} ${PROJECT_SOURCE_DIR}/cmake/wasi.cmake
        COMMENT "Building the tool ${name}" VERBATIM)
    add_custom_command(OUTPUT ${place}/tool.toml
        COMMAND ${CMAKE_COMMAND} -E copy ${source}/tool.toml ${place}/tool.toml
        DEPENDS ${source}/tool.toml VERBATIM)
    add_custom_target(tool_${name} ALL DEPENDS ${place}/${arg_MODULE} ${place}/tool.toml)
    add_dependencies(tools tool_${name})
    install(FILES ${place}/${arg_MODULE} ${place}/tool.toml
        DESTINATION share/threadrunner/tools/${name})
endfunction()
