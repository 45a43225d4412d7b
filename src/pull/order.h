#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "wire/decode.h"

namespace threadrunner::pull {

/// What the daemon wants: the members of its `load` frame.
struct Order {
    using milliseconds = std::chrono::milliseconds;

    std::string source;      ///< as the user wrote it
    std::string url;         ///< of a file; empty: a repository's
    std::string endpoint;    ///< of repositories: https://HOST
    std::string repository;  ///< owner/name
    std::string file;        ///< in it: a path, or a quantisation such as Q4_K_M; empty: choose
    std::string token;       ///< for the endpoint's host only
    std::string name;        ///< of the model; empty: the file's
    std::string sha256;      ///< of a single file; empty: what the server says, if it does
    std::filesystem::path folder;  ///< models/
    std::filesystem::path work;    ///< for what is not finished, on the same file system
    std::int64_t limit_bytes = 0;  ///< a second; 0: none
    std::int64_t attempts = 1;
    milliseconds connect{};
    milliseconds stall{};
    milliseconds retry{};
    milliseconds wait{};
};

/// A file to fetch, and what is known of it beforehand.
struct RemoteFile {
    std::string url;
    std::string token;        ///< for this URL's host
    std::string name;         ///< of the file that it becomes
    std::uint64_t bytes = 0;  ///< 0: unknown
    std::string sha256;       ///< empty: unknown
    std::string validator;    ///< an ETag or a date; empty: unknown
};

[[nodiscard]] Result<Order> read_order(const wire::Json& frame);

}  // namespace threadrunner::pull
