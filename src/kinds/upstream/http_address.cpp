#include "kinds/upstream/http_address.h"

#include <algorithm>
#include <optional>

#include "base/number.h"
#include "base/text.h"

namespace threadrunner {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::size_t url_bytes_max = 2048;

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

bool is_ipv6_character(char c) {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' ||
           c == '.';
}

bool is_path_character(char c) { return c > ' ' && c <= '~' && c != '?' && c != '#' && c != '\\'; }

std::optional<std::uint16_t> port_from(std::string_view text) {
    const auto port = number_from<std::uint16_t>(text);
    return port && *port > 0 ? port : std::nullopt;
}

/// A path without slashes and versions at its end, so that what is left reads as itself.
std::string_view without_version(std::string_view path) {
    constexpr std::string_view version = "/v1";
    while (path.ends_with('/') || path.ends_with(version)) {
        path.remove_suffix(path.ends_with('/') ? 1 : version.size());
    }
    return path;
}

std::unexpected<Error> refuse(std::string_view why) {
    return fail(ErrorCode::invalid_request,
                "upstream.url " + std::string(why) + "; write http://HOST:PORT");
}

}  // namespace

std::string HttpAddress::authority() const { return authority_text(host, port); }

std::string HttpAddress::url() const { return "http://" + authority() + base; }

Result<HttpAddress> parse_http_address(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    if (url.starts_with("https://")) {
        return fail(ErrorCode::not_supported,
                    "upstream.url asks for https, which ThreadRunner does not speak; put a proxy "
                    "that does on this machine (stunnel, caddy, nginx) and write its http:// URL");
    }
    if (!url.starts_with(scheme) || url.size() > url_bytes_max) {
        return refuse("is no http:// URL");
    }
    url.remove_prefix(scheme.size());
    const std::string_view authority = url.substr(0, url.find('/'));
    std::string_view base = url.substr(authority.size());
    if (authority.find('@') != authority.npos) {
        return refuse("has a user's name in it: a key goes into upstream.key_file");
    }
    const bool ipv6 = authority.starts_with('[');
    const std::size_t host_end = ipv6 ? authority.find(']') : authority.find(':');
    HttpAddress out;
    out.host = authority.substr(ipv6 ? 1 : 0, host_end - (ipv6 ? 1 : 0));
    if (out.host.empty() || (ipv6 && host_end == authority.npos) ||
        !std::all_of(out.host.begin(), out.host.end(),
                     ipv6 ? is_ipv6_character : is_name_character)) {
        return refuse("names no host");
    }
    const std::string_view after =
        host_end == authority.npos ? "" : authority.substr(host_end + (ipv6 ? 1 : 0));
    const auto port = after.empty() ? http_port : port_from(after.substr(1));
    if (!port || (!after.empty() && after.front() != ':')) {
        return refuse("has no port from 1 to 65535 after its host");
    }
    out.port = *port;
    base = without_version(base);
    if (!std::all_of(base.begin(), base.end(), is_path_character)) {
        return refuse("has a query or characters that no path has");
    }
    out.base = base;
    return out;
}

}  // namespace threadrunner
