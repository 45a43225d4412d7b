#include "door/http/unserved.h"

#include <boost/beast/http/error.hpp>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::http {

namespace beast_http = boost::beast::http;
using std::chrono::milliseconds;

namespace {

using Head = beast_http::request_header<>;

constexpr unsigned http_1_1 = 11;

std::string_view value_of(const Head& head, beast_http::field name) {
    const auto value = head[name];
    return {value.data(), value.size()};
}

}  // namespace

std::optional<Unserved> ambiguity(const Head& head) {
    const auto refused = [](std::string message) {
        return Unserved{{.code = ErrorCode::invalid_request, .message = std::move(message)}};
    };
    const bool old = head.version() < http_1_1;
    const auto encodings = head.count(beast_http::field::transfer_encoding);
    const std::string encoding =
        small_letters(value_of(head, beast_http::field::transfer_encoding));
    if (encodings > 1 || (encodings == 1 && (old || encoding != "chunked"))) {
        return refused("the only transfer-encoding that is understood is chunked, once");
    }
    const auto lengths = head.count(beast_http::field::content_length);
    const bool plain =
        value_of(head, beast_http::field::content_length).find_first_not_of("0123456789") ==
        std::string_view::npos;
    if (lengths > 1 || !plain || (lengths == 1 && encodings == 1)) {
        return refused("the request says its length more than once");
    }
    const auto hosts = head.count(beast_http::field::host);
    if (hosts > 1 || (hosts == 0 && !old)) {
        return refused("the request must have one Host header");
    }
    return std::nullopt;
}

std::optional<Unserved> fault_of(const boost::system::error_code& fault) {
    using beast_http::error;
    constexpr unsigned header_too_large = 431;
    static const auto& category = beast_http::make_error_code(error::bad_method).category();
    if (fault == error::header_limit || fault == error::buffer_overflow) {
        return Unserved{{.code = ErrorCode::too_large,
                         .message = "the header of the request has more than " +
                                    format_bytes(limits::http_header_bytes_max)},
                        header_too_large};
    }
    if (fault == error::body_limit) {
        return Unserved{{.code = ErrorCode::too_large,
                         .message = "the body of the request has more than " +
                                    format_bytes(limits::http_body_bytes_max)}};
    }
    if (fault == error::end_of_stream || fault == error::partial_message ||
        fault.category() != category) {
        return std::nullopt;
    }
    return Unserved{{.code = ErrorCode::invalid_request,
                     .message = "this is no HTTP/1.1 request: " + fault.message()}};
}

Unserved too_slow(std::string_view what, milliseconds within) {
    constexpr unsigned request_timeout = 408;
    return {{.code = ErrorCode::timeout,
             .message = "the " + std::string(what) + " of the request did not arrive within " +
                        format_duration(within)},
            request_timeout};
}

Unserved too_many_clients() {
    return {{.code = ErrorCode::unreachable,
             .message = "too many clients are connected already; try again later",
             .retry_after = limits::overloaded_retry_after}};
}

Unserved too_much_at_once() {
    return {{.code = ErrorCode::overloaded,
             .message = "the requests at hand have more than " +
                        format_bytes(limits::http_bodies_bytes_max) + " together; try again later",
             .retry_after = limits::overloaded_retry_after}};
}

}  // namespace threadrunner::http
