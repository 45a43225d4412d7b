# threadrunner::llama: llama.cpp's server-context with all below it and its headers.
# threadrunner_llama_deps builds just that.
execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/fetch-llama COMMAND_ERROR_IS_FATAL ANY)
file(GLOB _inputs ${PROJECT_SOURCE_DIR}/deps/llama.cpp/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/deps/llama.cpp ${_inputs})
set(THREADRUNNER_LLAMA_DIR ${PROJECT_SOURCE_DIR}/build/deps/llama.cpp)

# LLAMA_USE_PREBUILT_UI would download, LLAMA_SUBPROCESS start processes; OpenMP's threads spin
# against our own accounting of cores.
foreach(option LLAMA_BUILD_TESTS LLAMA_BUILD_EXAMPLES LLAMA_BUILD_APP LLAMA_BUILD_UI
        LLAMA_USE_PREBUILT_UI LLAMA_OPENSSL LLAMA_SUBPROCESS LLAMA_BUILD_IS_DEV LLAMA_TOOLS_INSTALL
        GGML_CCACHE GGML_OPENMP)
    set(${option} OFF CACHE BOOL "" FORCE)
endforeach()
foreach(option LLAMA_BUILD_COMMON LLAMA_BUILD_TOOLS LLAMA_BUILD_SERVER LLAMA_BUILD_MTMD GGML_RPC)
    set(${option} ON CACHE BOOL "" FORCE)
endforeach()
foreach(device CUDA VULKAN METAL)
    set(GGML_${device} ${THREADRUNNER_${device}} CACHE BOOL "" FORCE)
endforeach()
# One machine: what computes is compiled for its processor, and into the engine. Any machine: it is
# compiled for each generation of processors, and the engine loads the best that runs.
set(GGML_BACKEND_DL ${THREADRUNNER_ANY_CPU} CACHE BOOL "" FORCE)
set(GGML_CPU_ALL_VARIANTS ${THREADRUNNER_ANY_CPU} CACHE BOOL "" FORCE)
if(THREADRUNNER_ANY_CPU)
    set(GGML_NATIVE OFF CACHE BOOL "" FORCE)
endif()
option(GGML_NATIVE "Compile ggml for this machine's processor" ON)

block()
    set(CMAKE_CXX_STANDARD 20)
    set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
    # its warnings are for its authors
    add_compile_options(-w -ffile-prefix-map=${THREADRUNNER_LLAMA_DIR}/=llama.cpp/)
    # ggml alone is shared then, by the engine and what it loads; llama.cpp takes a ggml that is
    # there, and would have set these defaults
    if(THREADRUNNER_ANY_CPU)
        set(BUILD_SHARED_LIBS ON)
        set(GGML_LLAMAFILE_DEFAULT ON)
        set(GGML_CUDA_GRAPHS_DEFAULT ON)
        add_subdirectory(${THREADRUNNER_LLAMA_DIR}/ggml ${CMAKE_BINARY_DIR}/llama.cpp/ggml
            EXCLUDE_FROM_ALL SYSTEM)
    endif()
    set(BUILD_SHARED_LIBS OFF)
    add_subdirectory(${THREADRUNNER_LLAMA_DIR} ${CMAKE_BINARY_DIR}/llama.cpp
        EXCLUDE_FROM_ALL SYSTEM)
endblock()

# ggml notes its backends for ever: those that an earlier configuration had are no targets
set(_backends)
foreach(_backend IN LISTS GGML_AVAILABLE_BACKENDS)
    if(TARGET ${_backend})
        list(APPEND _backends ${_backend})
    endif()
endforeach()

# ggml sets the tile configuration up on the stack, where g++ 12 drops it as dead: the first matrix
# product then ends in SIGSEGV on a processor with AMX. AVX-512 takes its place.
include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-mno-amx-tile THREADRUNNER_HAS_AMX)
if(THREADRUNNER_HAS_AMX)
    foreach(_backend IN LISTS _backends)
        if(_backend MATCHES "^ggml-cpu")
            target_compile_options(${_backend} PRIVATE -mno-amx-tile -mno-amx-int8 -mno-amx-bf16)
        endif()
    endforeach()
endif()

# What the engine loads lies beside it.
if(THREADRUNNER_ANY_CPU)
    set_target_properties(ggml ggml-base ${_backends} PROPERTIES PUBLIC_HEADER ""
        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY} INSTALL_RPATH $ORIGIN)
    install(TARGETS ggml ggml-base ${_backends}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/threadrunner NAMELINK_SKIP)
endif()

# -march=native means another thing on another processor: a shared ccache must see the difference.
if(GGML_NATIVE AND EXISTS /proc/cpuinfo)
    file(STRINGS /proc/cpuinfo _flags REGEX "^(flags|Features)" LIMIT_COUNT 1)
    string(SHA256 _flags "${_flags}")
    string(SUBSTRING ${_flags} 0 12 _flags)
    target_compile_definitions(ggml-cpu PRIVATE THREADRUNNER_CPU_${_flags})
endif()

add_library(threadrunner_llama INTERFACE)
add_library(threadrunner::llama ALIAS threadrunner_llama)
# LINK_ONLY: llama-common would put its own nlohmann-json before the one that wire is built with.
target_link_libraries(threadrunner_llama INTERFACE
    $<LINK_ONLY:server-context> $<LINK_ONLY:llama-common> $<LINK_ONLY:llama>)
target_include_directories(threadrunner_llama SYSTEM INTERFACE
    ${THREADRUNNER_LLAMA_DIR}/tools/server ${THREADRUNNER_LLAMA_DIR}/tools/mtmd
    ${THREADRUNNER_LLAMA_DIR}/common ${THREADRUNNER_LLAMA_DIR}/include
    ${THREADRUNNER_LLAMA_DIR}/ggml/include ${THREADRUNNER_LLAMA_DIR})
add_custom_target(threadrunner_llama_deps DEPENDS server-context llama-common llama)
