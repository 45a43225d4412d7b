# The tools that come with ThreadRunner: WebAssembly modules, each built by a CMake of its own, or
# by go, since one CMake has one compiler.
#
#   threadrunner_wasi_tool(taglib MODULE taglib-sidecar.wasm INPUTS files... ARGUMENTS -D...)
#   threadrunner_go_tool(text MODULE text.wasm)
#
# build tools/NAME into build/PRESET/tools/NAME: the module and its tool.toml. The target `tools`
# builds them all, as do `programs` and `all`.

add_custom_target(tools)
add_dependencies(programs tools)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/wasi)

# Runs a command that says something only when it fails. Its output goes to the file LOG.
function(_threadrunner_quietly out log)
    set(${out} sh -c "\"$@\" >${log} 2>&1 || (cat ${log} >&2 && false)" quietly PARENT_SCOPE)
endfunction()

# The manifest beside the module, and both where they are installed.
function(_threadrunner_tool name module)
    set(place ${CMAKE_BINARY_DIR}/tools/${name})
    set(manifest ${PROJECT_SOURCE_DIR}/tools/${name}/tool.toml)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/tools/${name})
    add_custom_command(OUTPUT ${place}/tool.toml
        COMMAND ${CMAKE_COMMAND} -E copy ${manifest} ${place}/tool.toml
        DEPENDS ${manifest} VERBATIM)
    add_custom_target(tool_${name} ALL DEPENDS ${place}/${module} ${place}/tool.toml)
    add_dependencies(tools tool_${name})
    install(FILES ${place}/${module} ${place}/tool.toml
        DESTINATION share/threadrunner/tools/${name})
endfunction()

function(threadrunner_wasi_tool name)
    cmake_parse_arguments(arg "" "MODULE" "INPUTS;ARGUMENTS" ${ARGN})
    set(source ${PROJECT_SOURCE_DIR}/tools/${name})
    set(work ${CMAKE_BINARY_DIR}/wasi/${name})
    set(module ${CMAKE_BINARY_DIR}/tools/${name}/${arg_MODULE})
    _threadrunner_quietly(quietly ${work}.log)
    file(GLOB own ${source}/*)
    add_custom_command(OUTPUT ${module}
        COMMAND ${quietly} ${CMAKE_COMMAND} -S ${source} -B ${work} -G Ninja
            -DCMAKE_TOOLCHAIN_FILE=${PROJECT_SOURCE_DIR}/cmake/wasi.cmake
            -DCMAKE_BUILD_TYPE=MinSizeRel -DTHREADRUNNER_SOURCE_DIR=${PROJECT_SOURCE_DIR}
            -DTHREADRUNNER_VERSION=${PROJECT_VERSION} ${arg_ARGUMENTS}
        COMMAND ${quietly} ${CMAKE_COMMAND} --build ${work}
        COMMAND ${CMAKE_COMMAND} -E copy ${work}/${arg_MODULE} ${module}
        DEPENDS ${own} ${arg_INPUTS} ${PROJECT_SOURCE_DIR}/cmake/wasi.cmake
        COMMENT "Building the tool ${name}" VERBATIM)
    _threadrunner_tool(${name} ${arg_MODULE})
endfunction()

# go checks what it fetches by go.sum. What it keeps is in build/, and may be removed with it.
function(threadrunner_go_tool name go)
    cmake_parse_arguments(arg "" "MODULE" "" ${ARGN})
    set(source ${PROJECT_SOURCE_DIR}/tools/${name})
    set(module ${CMAKE_BINARY_DIR}/tools/${name}/${arg_MODULE})
    set(kept ${PROJECT_SOURCE_DIR}/build/deps/go-kept)
    _threadrunner_quietly(quietly ${CMAKE_BINARY_DIR}/wasi/${name}.log)
    file(GLOB own ${source}/*)
    add_custom_command(OUTPUT ${module}
        COMMAND ${quietly} ${CMAKE_COMMAND} -E env GOOS=wasip1 GOARCH=wasm GOTOOLCHAIN=local
            GOFLAGS=-modcacherw GOPATH=${kept} GOCACHE=${kept}/build
            ${go}/go build -C ${source} -mod=readonly -trimpath -buildvcs=false
            "-ldflags=-s -w -X main.version=${PROJECT_VERSION}" -o ${module} .
        DEPENDS ${own} COMMENT "Building the tool ${name}" VERBATIM)
    _threadrunner_tool(${name} ${arg_MODULE})
endfunction()
