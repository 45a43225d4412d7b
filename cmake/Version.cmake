# base/version.h, generated: the one place of the version is project(VERSION), of llama.cpp's
# deps/llama.cpp/pin.
file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/deps/llama.cpp/pin _pin)
foreach(_line IN LISTS _pin)
    if(_line MATCHES "^(version|commit)=(.+)$")
        set(THREADRUNNER_LLAMA_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
    endif()
endforeach()
string(SUBSTRING ${THREADRUNNER_LLAMA_commit} 0 7 THREADRUNNER_LLAMA_short_commit)
set(THREADRUNNER_GENERATED_DIR ${CMAKE_BINARY_DIR}/generated)
configure_file(${CMAKE_CURRENT_LIST_DIR}/version.h.in
    ${THREADRUNNER_GENERATED_DIR}/base/version.h @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_SOURCE_DIR}/deps/llama.cpp/pin)
