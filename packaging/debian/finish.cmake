# What Debian wants of the files and CMake does not do: manual pages and the changelog compressed,
# the licence in `copyright` alone, libraries stripped and not executable. cpack runs it before it
# packs.
set(_root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(_doc ${_root}/share/doc/threadrunner)
file(REMOVE ${_doc}/LICENSE)
execute_process(COMMAND gzip -9n ${_root}/share/man/man1/threadrunner.1 ${_doc}/CHANGELOG.md
    COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${_doc}/CHANGELOG.md.gz ${_doc}/changelog.gz)
file(GLOB _libraries ${_root}/libexec/threadrunner/*.so*)
foreach(_library IN LISTS _libraries)
    if(NOT IS_SYMLINK ${_library})
        execute_process(COMMAND strip --strip-unneeded ${_library} COMMAND_ERROR_IS_FATAL ANY)
        file(CHMOD ${_library} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    endif()
endforeach()
