#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace threadrunner::http {

using Header = std::pair<std::string, std::string>;  ///< names in small letters

/// The value of the first header with that name (in small letters); empty without one.
[[nodiscard]] std::string_view header_value(const std::vector<Header>& headers,
                                            std::string_view name);

/// Who may be at the other end.
enum class Via : std::uint8_t {
    unix_socket,  ///< processes of our own user
    loopback,     ///< any process of this machine, a web page in a browser included
    network,      ///< anybody
};

/// A request that has arrived whole.
struct Request {
    std::string id;  ///< its x-request-id, given or made
    std::string method;
    std::string path;   ///< with its percent-encoding, without the query
    std::string query;  ///< what stands behind the question mark
    std::vector<Header> headers;
    std::string body;
    Via via = Via::network;
    std::string session;  ///< of the client's process, where it is known; see peer_session()
    /// On loopback: whether it is a process of the daemon's own user; see peer_is_own_user().
    bool own_user = false;

    [[nodiscard]] std::string_view header(std::string_view name) const {
        return header_value(headers, name);
    }
    /// A parameter of the query, decoded; empty without one.
    [[nodiscard]] std::string parameter(std::string_view name) const;
};

/// What is answered: whole, or the head of a stream, which has no body yet.
struct Answer {
    unsigned status = 200;
    std::string content_type;
    std::string body = {};
    std::vector<Header> headers = {};
};

}  // namespace threadrunner::http
