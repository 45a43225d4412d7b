# The system libraries of deps/debian-packages.txt. A room names those it uses in PUBLIC_LIBS or
# PRIVATE_LIBS.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(tomlplusplus 3.3 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(CURL 7.85 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)

# Debian builds toml++ as a shared library, but its package does not say so to the compiler.
set_property(TARGET tomlplusplus::tomlplusplus APPEND PROPERTY
    INTERFACE_COMPILE_DEFINITIONS TOML_HEADER_ONLY=0 TOML_SHARED_LIB=1)

# libedit brings no CMake package.
find_path(LIBEDIT_INCLUDE_DIR histedit.h REQUIRED)
find_library(LIBEDIT_LIBRARY edit REQUIRED)
mark_as_advanced(LIBEDIT_INCLUDE_DIR LIBEDIT_LIBRARY)
add_library(threadrunner_libedit INTERFACE)
add_library(threadrunner::libedit ALIAS threadrunner_libedit)
target_include_directories(threadrunner_libedit SYSTEM INTERFACE ${LIBEDIT_INCLUDE_DIR})
target_link_libraries(threadrunner_libedit INTERFACE ${LIBEDIT_LIBRARY})

# libseccomp brings no CMake package either.
if(THREADRUNNER_SANDBOX)
    find_path(SECCOMP_INCLUDE_DIR seccomp.h REQUIRED)
    find_library(SECCOMP_LIBRARY seccomp REQUIRED)
    mark_as_advanced(SECCOMP_INCLUDE_DIR SECCOMP_LIBRARY)
    add_library(threadrunner_seccomp INTERFACE)
    add_library(threadrunner::seccomp ALIAS threadrunner_seccomp)
    target_include_directories(threadrunner_seccomp SYSTEM INTERFACE ${SECCOMP_INCLUDE_DIR})
    target_link_libraries(threadrunner_seccomp INTERFACE ${SECCOMP_LIBRARY})
endif()

# prometheus-cpp's package asks for the libraries of parts that we do not use.
find_path(PROMETHEUS_INCLUDE_DIR prometheus/registry.h REQUIRED)
find_library(PROMETHEUS_CORE_LIBRARY prometheus-cpp-core REQUIRED)
mark_as_advanced(PROMETHEUS_INCLUDE_DIR PROMETHEUS_CORE_LIBRARY)
add_library(threadrunner_prometheus INTERFACE)
add_library(threadrunner::prometheus ALIAS threadrunner_prometheus)
target_include_directories(threadrunner_prometheus SYSTEM INTERFACE ${PROMETHEUS_INCLUDE_DIR})
target_link_libraries(threadrunner_prometheus INTERFACE ${PROMETHEUS_CORE_LIBRARY})

# marked runs in the browser, in the page of door/http: its file becomes part of the daemon.
find_file(MARKED_JS marked.min.js PATHS /usr/share/javascript/marked REQUIRED)
mark_as_advanced(MARKED_JS)

if(THREADRUNNER_TESTS)
    find_package(GTest REQUIRED)
    find_package(rapidcheck REQUIRED CONFIG)
endif()
