# ccache makes the second clone cheap. The Makefile sets CCACHE_BASEDIR so that clones share entries.
find_program(THREADRUNNER_CCACHE ccache)
mark_as_advanced(THREADRUNNER_CCACHE)
if(THREADRUNNER_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${THREADRUNNER_CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${THREADRUNNER_CCACHE})
endif()
