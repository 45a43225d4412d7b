#include "door/http/page_pass.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/text.h"
#include "door/http/keys.h"

namespace threadrunner::http {
namespace {

constexpr std::size_t secret_bytes = 32;

std::string random_secret() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, secret_bytes> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    std::string out;
    for (const unsigned char byte : bytes) {
        out += digits[byte / 16];
        out += digits[byte % 16];
    }
    return out;
}

/// "threadrunner-7717", by the Host that the browser knows us by.
std::string cookie_name(const Request& request) {
    const std::string_view host = request.header("host");
    const std::size_t colon = host.rfind(':');
    const std::string_view port = colon == host.npos ? "" : host.substr(colon + 1);
    const bool digits =
        !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
    return "threadrunner-" + std::string(digits ? port : "80");
}

/// The value of a cookie (RFC 6265, 4.2); empty without one.
std::string_view cookie_value(std::string_view cookies, std::string_view name) {
    while (!cookies.empty()) {
        const std::string_view pair = trimmed(take_entry(cookies, ";"), " ");
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (pair.substr(0, equals) == name) {
            return pair.substr(std::min(equals + 1, pair.size()));
        }
    }
    return {};
}

bool comes_from_its_own_origin(const Request& request) {
    const std::string_view site = request.header("sec-fetch-site");
    const std::string own = "http://" + std::string(request.header("host"));
    return site.empty() ? small_letters(request.header("origin")) == small_letters(own)
                        : site == "same-origin";
}

}  // namespace

PagePass::PagePass() : secret_(random_secret()) {}

std::string PagePass::cookie_for(const Request& request) const {
    return cookie_name(request) + "=" + secret_ + "; HttpOnly; SameSite=Strict; Path=/";
}

bool PagePass::is_shown_by(const Request& request) const {
    const std::string name = cookie_name(request);
    return request.via == Via::loopback && request.own_user && comes_from_its_own_origin(request) &&
           same_secret(cookie_value(request.header("cookie"), name), secret_);
}

}  // namespace threadrunner::http
