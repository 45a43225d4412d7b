#include "door/http/gate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace threadrunner::http {
namespace {

constexpr std::size_t shown_bytes_max = 64;

/// Whether a list with commas has the word; letters' case does not count.
bool lists(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::string_view entry = trimmed(take_entry(list, ","), " ");
        if (!entry.empty() && small_letters(entry) == small_letters(word)) {
            return true;
        }
    }
    return false;
}

/// The name in "name:port" or "[::1]:port", in small letters.
std::string host_name(std::string_view host) {
    const std::size_t bracket = host.starts_with('[') ? host.find(']') : host.npos;
    return small_letters(bracket == host.npos ? host.substr(0, host.find(':'))
                                              : host.substr(1, bracket - 1));
}

bool is_ip(const std::string& name) {
    in6_addr address{};
    return ::inet_pton(AF_INET, name.c_str(), &address) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

bool is_this_machine(const std::string& name) {
    return name == "localhost" || name.ends_with(".localhost") || name == "::1" ||
           (name.starts_with("127.") && is_ip(name));
}

std::string shown(std::string_view text) {
    return "'" + utf8_repair(text.substr(0, shown_bytes_max)) + "'";
}

/// The key that the request shows, in either of the two headers that clients use.
std::string_view key_in(const Request& request) {
    constexpr std::string_view scheme = "bearer ";
    const std::string_view authorization = request.header("authorization");
    if (small_letters(authorization.substr(0, scheme.size())) == scheme) {
        return authorization.substr(scheme.size());
    }
    return request.header("x-api-key");
}

/// Whether a browser says that a page of another origin, which it does not name, has it ask: for a
/// picture, say. https://www.w3.org/TR/fetch-metadata/
bool is_for_foreign_page(const Request& request) {
    const std::string_view site = request.header("sec-fetch-site");
    return site == "cross-site" || site == "same-site";
}

bool opens_page(const Request& request) { return request.method == "GET" && request.path == "/"; }

std::unexpected<Error> needs_a_key(const std::string& what) {
    return fail(ErrorCode::unauthorized,
                what +
                    " needs a key, as 'Authorization: Bearer KEY'; keys stand in the file of the "
                    "setting http.key_file. The Unix socket run/http.sock needs none");
}

}  // namespace

Result<void> Gate::check_source(const Request& request) const {
    if (request.via == Via::unix_socket) {
        return {};
    }
    const std::string_view host = request.header("host");
    const std::string name = host_name(host);
    // an address cannot be rebound; a page that was fetched from one is that machine's own
    const bool ours = is_this_machine(name) || (request.via == Via::network && is_ip(name)) ||
                      lists(settings_.http_hosts, name);
    if (!ours) {
        return fail(ErrorCode::forbidden,
                    "this is not the host " + shown(name) +
                        "; call it localhost or by its address, or add the name to http.hosts");
    }
    const std::string_view origin = request.header("origin");
    const bool same_origin = small_letters(origin) == small_letters("http://" + std::string(host));
    if (!origin.empty() && !same_origin && !is_listed_origin(origin)) {
        return fail(ErrorCode::forbidden, "pages of " + shown(origin) +
                                              " may not ask here; to let them, add it to "
                                              "http.origins");
    }
    if (origin.empty() && is_for_foreign_page(request) && !opens_page(request)) {
        return fail(ErrorCode::forbidden,
                    "a page from elsewhere may not have this fetched; open the address itself");
    }
    return {};
}

bool Gate::is_listed_origin(std::string_view origin) const {
    return lists(settings_.http_origins, origin) || lists(settings_.http_origins, "*");
}

Result<Caller> Gate::admit(const Request& request, Access access) const {
    if (request.via == Via::unix_socket) {
        return Caller{.owner = request.session, .may_everything = true};
    }
    const std::string_view key = key_in(request);
    if (const std::string* owner = keys_.owner_of(key)) {
        return Caller{.owner = "key:" + *owner, .may_everything = true};
    }
    if (page_pass_.is_shown_by(request)) {
        return Caller{.owner = "page", .may_everything = true};
    }
    if (access == Access::anyone || (request.via == Via::loopback && access == Access::open)) {
        return Caller{.owner = "http", .may_everything = false};
    }
    if (!key.empty()) {
        return fail(ErrorCode::unauthorized, "this key is none of http.key_file or http.keys");
    }
    return needs_a_key("this");
}

Result<void> may_offer(const Caller& caller, const Offers& offers) {
    if (caller.may_everything || offers.tools.empty()) {
        return {};
    }
    return needs_a_key("a request that offers tools of the type threadrunner");
}

std::vector<Header> Gate::page_headers(const Request& request) const {
    const bool for_page = request.via == Via::loopback && request.own_user && opens_page(request);
    if (!for_page || !check_source(request)) {
        return {};
    }
    return {{"set-cookie", page_pass_.cookie_for(request)}};
}

std::vector<Header> Gate::cross_origin_headers(const Request& request) const {
    const std::string_view origin = request.header("origin");
    if (origin.empty() || !is_listed_origin(origin)) {
        return {};
    }
    std::vector<Header> headers = {{"access-control-allow-origin", std::string(origin)},
                                   {"access-control-expose-headers", "x-request-id, x-job-id"},
                                   {"vary", "origin"}};
    const std::string_view method = request.header("access-control-request-method");
    if (request.method == "OPTIONS" && !method.empty()) {
        headers.emplace_back("access-control-allow-methods", method);
        const std::string_view asked = request.header("access-control-request-headers");
        headers.emplace_back("access-control-allow-headers",
                             asked.empty() ? "content-type" : asked);
        headers.emplace_back("access-control-max-age", "600");
    }
    return headers;
}

}  // namespace threadrunner::http
