#include "door/http/page_pass.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/random_secret.h"
#include "base/text.h"
#include "door/http/keys.h"

namespace threadrunner::http {
namespace {

constexpr std::size_t secret_bytes = 32;

/// A daemon that cannot have one does not start.
std::string new_secret() {
    auto secret = random_secret(secret_bytes);
    if (!secret) {
        throw std::runtime_error(secret.error().message);
    }
    return *std::move(secret);
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

PagePass::PagePass() : secret_(new_secret()) {}

std::string PagePass::cookie_for(const Request& request) const {
    return cookie_name(request) + "=" + secret_ + "; HttpOnly; SameSite=Strict; Path=/";
}

bool PagePass::is_shown_by(const Request& request) const {
    const std::string name = cookie_name(request);
    return request.via == Via::loopback && request.own_user && comes_from_its_own_origin(request) &&
           same_secret(cookie_value(request.header("cookie"), name), secret_);
}

}  // namespace threadrunner::http
