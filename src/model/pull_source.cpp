#include "model/pull_source.h"

#include <algorithm>

#include "base/limits.h"

namespace threadrunner::model {
namespace {

constexpr std::string_view https = "https://";
constexpr std::string_view http = "http://";
constexpr std::string_view hub = "hf:";

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid_request, "'" + std::string(text) + "' " + std::string(why));
}

/// HOST[:PORT] of a URL, with what stands before an @.
std::string_view authority_of(std::string_view url) {
    url.remove_prefix(url.find("://") + 3);
    return url.substr(0, url.find_first_of("/?#"));
}

bool is_loopback(std::string_view authority) {
    const std::string_view host = authority.starts_with('[')
                                      ? authority.substr(0, authority.find(']') + 1)
                                      : authority.substr(0, authority.find(':'));
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

Result<void> check_url(std::string_view url, bool has_sha256) {
    const std::string_view authority = authority_of(url);
    if (authority.find('@') != std::string_view::npos) {
        return refuse(std::string(url.substr(0, url.find("://") + 3)) + "...",
                      "has a name or password in its address, which others could see; leave it "
                      "out");
    }
    const bool odd = std::ranges::any_of(
        url, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
    if (authority.empty() || odd) {
        return refuse(url, "is no address of a file: write https://HOST/PATH/FILE.gguf");
    }
    if (url.starts_with(http) && !is_loopback(authority) && !has_sha256) {
        return refuse(url,
                      "would come unprotected: use https://, or say what it must be with "
                      "--sha256");
    }
    return {};
}

/// OWNER/NAME, of letters, digits and -_.
bool is_repository(std::string_view text) {
    const auto part = [](std::string_view name) {
        return !name.empty() && name != "." && name != ".." &&
               std::ranges::all_of(name, [](char c) {
                   return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
               });
    };
    const std::size_t slash = text.find('/');
    return slash != std::string_view::npos && part(text.substr(0, slash)) &&
           part(text.substr(slash + 1));
}

}  // namespace

std::string PullSource::shown() const {
    if (!url.empty()) {
        return url.substr(0, url.find_first_of("?#"));
    }
    return std::string(hub) + repository + (file.empty() ? "" : ":" + file);
}

Result<PullSource> parse_pull_source(std::string_view text, bool has_sha256) {
    if (text.size() > limits::pull_source_bytes_max) {
        return fail(
            ErrorCode::too_large,
            "a source has at most " + std::to_string(limits::pull_source_bytes_max) + " bytes");
    }
    if (text.starts_with(https) || text.starts_with(http)) {
        auto checked = check_url(text, has_sha256);
        return checked ? Result<PullSource>(PullSource{.url = std::string(text)})
                       : std::unexpected(checked.error());
    }
    if (text.starts_with(hub)) {
        const std::string_view rest = text.substr(hub.size());
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        const std::string_view repository = rest.substr(0, colon);
        if (!is_repository(repository)) {
            return refuse(text, "names no repository: write hf:OWNER/NAME, or hf:OWNER/NAME:FILE");
        }
        return PullSource{.repository = std::string(repository),
                          .file = std::string(rest.substr(std::min(colon + 1, rest.size())))};
    }
    if (text.find('/') != std::string_view::npos) {
        return refuse(text,
                      "is neither a file here nor an address; a file is taken in where it "
                      "lies by: threadrunner models add FILE");
    }
    return refuse(text,
                  "does not say where it comes from. Write a file's path, https://HOST/FILE.gguf, "
                  "or hf:OWNER/NAME[:FILE] for a repository of the hub that HF_ENDPOINT names; "
                  "what is here already is in: threadrunner models");
}

Result<std::string> check_endpoint(std::string_view text) {
    while (text.ends_with('/')) {
        text.remove_suffix(1);
    }
    const bool has_scheme = text.starts_with(https) || text.starts_with(http);
    if (!has_scheme) {
        return refuse(text,
                      "is no address of a hub: HF_ENDPOINT, or the setting pull.endpoint, "
                      "must be https://HOST");
    }
    if (auto checked = check_url(text, false); !checked) {
        return std::unexpected(checked.error());
    }
    return std::string(text);
}

}  // namespace threadrunner::model
