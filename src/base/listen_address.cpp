#include "base/listen_address.h"

#include <arpa/inet.h>

#include "base/number.h"
#include "base/text.h"

namespace threadrunner {
namespace {

constexpr std::string_view loopback = "127.0.0.1";
constexpr std::string_view blanks = " \t";

bool is_ip4(const std::string& host) {
    in_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ip6(const std::string& host) {
    in6_addr address{};
    return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::unexpected<Error> no_address(std::string_view text) {
    return fail(ErrorCode::invalid_request,
                "'" + std::string(text) +
                    "' is no address to listen at; write 127.0.0.1:7717, [::1]:7717, 0.0.0.0:7717 "
                    "for every interface, or off");
}

Result<ListenAddress> parse_one(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    std::string_view host = colon == text.npos ? loopback : text.substr(0, colon);
    const auto port = number_from<std::uint16_t>(text.substr(colon == text.npos ? 0 : colon + 1));
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    } else if (host == "localhost") {
        host = loopback;
    }
    ListenAddress address{.host = std::string(host), .port = port.value_or(0)};
    const bool known = bracketed ? is_ip6(address.host) : is_ip4(address.host);
    if (!port || !known) {
        return no_address(text);
    }
    return address;
}

}  // namespace

bool ListenAddress::is_loopback() const { return host == "::1" || host.starts_with("127."); }

std::string ListenAddress::text() const { return authority_text(host, port); }

Result<std::vector<ListenAddress>> parse_listen_addresses(std::string_view text) {
    std::vector<ListenAddress> out;
    const std::string_view whole = trimmed(text, blanks);
    if (whole.empty() || whole == "off") {
        return out;
    }
    while (!text.empty()) {
        auto address = parse_one(trimmed(take_entry(text, ","), blanks));
        if (!address) {
            return std::unexpected(address.error());
        }
        out.push_back(*std::move(address));
    }
    return out;
}

}  // namespace threadrunner
