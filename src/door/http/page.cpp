#include "door/http/page.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "door/http/page_files.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;

/// Only our own files run, and they talk to nobody but us: what a model says can neither become a
/// script nor fetch a picture from elsewhere. Trusted types, of which there are none: no text can
/// become HTML at all. https://www.w3.org/TR/CSP3/
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

/// If-None-Match (RFC 9110, 13.1.2).
bool has_it_already(const Request& request, std::string_view etag) {
    std::string_view tags = request.header("if-none-match");
    while (!tags.empty()) {
        std::string_view tag = trimmed(take_entry(tags, ","), " ");
        if (tag.starts_with("W/")) {
            tag.remove_prefix(2);
        }
        if (tag == etag || tag == "*") {
            return true;
        }
    }
    return false;
}

awaitable<void> send_file(Call& call, const PageFile& file) {
    constexpr unsigned not_modified = 304;
    Answer answer;
    answer.headers = {{"etag", std::string(file.etag)},
                      // a newer daemon has a newer page: the browser asks each time
                      {"cache-control", "no-cache"},
                      {"referrer-policy", "no-referrer"},
                      {"cross-origin-opener-policy", "same-origin"},
                      {"cross-origin-resource-policy", "same-origin"},
                      {"content-security-policy", std::string(content_security_policy)}};
    if (has_it_already(call.request, file.etag)) {
        answer.status = not_modified;
    } else {
        answer.content_type = file.type;
        answer.body = file.bytes;
    }
    co_await call.reply.send(std::move(answer));
}

awaitable<void> show_page(Call& call) { co_await send_file(call, page_files().front()); }

awaitable<void> show_file(Call& call) {
    const auto files = page_files();
    const auto found = std::ranges::find(files, call.argument, &PageFile::name);
    if (found == files.end()) {
        Error error{
            .code = ErrorCode::not_found,
            .message = "the page has no file '" + utf8_repair(call.argument) + "'; open / itself"};
        co_await call.refuse(std::move(error));
    } else {
        co_await send_file(call, *found);
    }
}

Route for_anyone(std::string_view path, Handler handle) {
    return {.method = "GET",
            .path = path,
            .access = Access::anyone,
            .errors = openai_errors(),
            .handle = std::move(handle)};
}

}  // namespace

std::vector<Route> page_routes() {
    return {for_anyone("/", show_page), for_anyone("/page/{file}", show_file)};
}

}  // namespace threadrunner::http
