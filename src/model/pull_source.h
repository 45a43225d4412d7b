#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace threadrunner::model {

/// Where a model is to come from, and under which conditions.
struct PullSource {
    std::string url;         ///< of a file; empty: a repository's
    std::string repository;  ///< OWNER/NAME
    std::string file;        ///< in it; empty: it is chosen

    /// Without what may be secret: a URL's query.
    [[nodiscard]] std::string shown() const;
};

/// Reads what people write: https://HOST/FILE.gguf, or hf:OWNER/NAME[:FILE]. `has_sha256`: what
/// comes will be compared, so that plain HTTP may bring it from elsewhere than this machine.
/// invalid_request says where models come from: for a bare name, a path, a URL with a password.
[[nodiscard]] Result<PullSource> parse_pull_source(std::string_view text, bool has_sha256);

/// An address of a hub as the requests want it: without a slash at its end.
[[nodiscard]] Result<std::string> check_endpoint(std::string_view text);

}  // namespace threadrunner::model
