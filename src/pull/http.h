#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "pull/channel.h"

namespace threadrunner::pull {

struct HttpRequest {
    std::string url;
    std::string token;             ///< for this URL's host only, wherever redirects lead
    bool head = false;             ///< only the headers
    std::uint64_t from = 0;        ///< the first byte that is wanted
    std::string if_range;          ///< the validator that makes `from` safe
    std::int64_t limit_bytes = 0;  ///< a second; 0: none
    std::chrono::milliseconds connect{};
    std::chrono::milliseconds stall{};
};

/// What an answer's headers say: those of the last answer, after redirects, but for `linked`.
struct HttpHead {
    long status = 0;
    std::string validator;                ///< a strong ETag, else Last-Modified; else empty
    std::optional<std::uint64_t> length;  ///< of this body
    std::optional<std::uint64_t> start;   ///< of a range: its first byte
    std::optional<std::uint64_t> total;   ///< of the whole, where it is known
    std::optional<std::chrono::seconds> retry_after;
    std::string linked_sha256;  ///< of the file that a redirect leads to
};

/// How a transfer went: a head without a fault, or a fault after as much as came.
struct HttpResult {
    HttpHead head;
    std::string fault;      ///< of the connection, in words; empty: the answer is whole
    bool hopeless = false;  ///< the same again would fail in the same way: a bad address, say
};

/// Called with the head before the first byte of a success, and with its bytes as they come. An
/// error ends the transfer and is what get() returns.
class HttpSink {
public:
    HttpSink() = default;
    HttpSink(const HttpSink&) = delete;
    HttpSink& operator=(const HttpSink&) = delete;
    virtual ~HttpSink() = default;
    [[nodiscard]] virtual Result<void> begin(const HttpHead& head) = 0;
    [[nodiscard]] virtual Result<void> take(std::string_view bytes) = 0;
};

/// One request over HTTP or HTTPS, redirects followed (at most limits::pull_redirects_max, never
/// from HTTPS to HTTP), the channel looked after meanwhile. Errors: the sink's, `cancelled`.
[[nodiscard]] Result<HttpResult> http_get(const HttpRequest& request, HttpSink& sink,
                                          Channel& channel);

}  // namespace threadrunner::pull
