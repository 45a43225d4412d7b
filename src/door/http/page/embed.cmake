# The page's files as C++, so that the daemon carries them:
#
#   threadrunner_embed_page(OUTPUT page_files.cpp FILES index.html main.js)
#
# The source defines page_files() of door/http/page_files.h: a name, a media type, an entity tag (of
# the contents) and the bytes for each. A file's name is its own; of NAME=PATH, it is NAME.
# This file is also the script that writes the source, when the daemon is built.

set(THREADRUNNER_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(threadrunner_embed_page)
    cmake_parse_arguments(arg "" "OUTPUT" "FILES" ${ARGN})
    set(paths)
    foreach(entry IN LISTS arg_FILES)
        string(REGEX REPLACE "^[^=]*=" "" path ${entry})
        list(APPEND paths ${path})
    endforeach()
    add_custom_command(OUTPUT ${arg_OUTPUT}
        COMMAND ${CMAKE_COMMAND} -D OUTPUT=${arg_OUTPUT} -D "FILES=${arg_FILES}"
            -P ${THREADRUNNER_EMBED_SCRIPT}
        DEPENDS ${paths} ${THREADRUNNER_EMBED_SCRIPT}
        COMMENT "Embedding the page"
        VERBATIM)
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
    return()
endif()

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")

set(bytes "")
set(rows "")
set(number 0)
foreach(entry IN LISTS FILES)
    string(REGEX REPLACE "^[^=]*=" "" path ${entry})
    string(REGEX MATCH "^[^=]*" name ${entry})
    if(name STREQUAL path)
        get_filename_component(name ${path} NAME)
    endif()
    get_filename_component(ending ${name} LAST_EXT)
    string(SUBSTRING ${ending} 1 -1 ending)
    if(NOT DEFINED type_${ending})
        message(FATAL_ERROR "${path}: no media type is known for .${ending}")
    endif()
    file(SHA256 ${path} tag)
    string(SUBSTRING ${tag} 0 32 tag)
    file(READ ${path} hex HEX)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," hex "${hex}")
    string(APPEND bytes "constexpr char file_${number}[] = {${hex}'\\0'};\n")
    string(APPEND rows "    {.name = \"${name}\", .type = \"${type_${ending}}\",\n"
        "     .etag = \"\\\"${tag}\\\"\", .bytes = {file_${number}, sizeof file_${number} - 1}},\n")
    math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT} "#include \"door/http/page_files.h\"

namespace threadrunner::http {
namespace {

${bytes}
constexpr PageFile files[] = {
${rows}};

}  // namespace

std::span<const PageFile> page_files() { return files; }

}  // namespace threadrunner::http
")
