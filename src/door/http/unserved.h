#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace threadrunner::http {

/// Why a connection's request is not handed on, and the status of that, where the table of errors
/// has none for it (else 0).
struct Unserved {
    Error error;
    unsigned status = 0;
};

/// A request whose header is well-formed and could be read in two ways: what stands in front of us
/// might read it otherwise than we do. RFC 9112, 3.2, 6.1 and 6.3.
[[nodiscard]] std::optional<Unserved> ambiguity(const boost::beast::http::request_header<>& head);

/// What Beast found wrong with the bytes of a request; nothing: the connection just ended.
[[nodiscard]] std::optional<Unserved> fault_of(const boost::system::error_code& fault);

/// The header, or the body, did not come in time.
[[nodiscard]] Unserved too_slow(std::string_view what, std::chrono::milliseconds within);

/// There are limits::http_connections_max already.
[[nodiscard]] Unserved too_many_clients();

/// All bodies together have more than limits::http_bodies_bytes_max.
[[nodiscard]] Unserved too_much_at_once();

}  // namespace threadrunner::http
