# ccache makes the second clone cheap: with paths relative to the clone, all clones share entries.
find_program(THREADRUNNER_CCACHE ccache)
mark_as_advanced(THREADRUNNER_CCACHE)
if(THREADRUNNER_CCACHE)
    set(_launcher ${CMAKE_COMMAND} -E env
        CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${THREADRUNNER_CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${_launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${_launcher})
endif()
