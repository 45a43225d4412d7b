#include "tool/grants.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

namespace threadrunner::tool {
namespace {

namespace fs = std::filesystem;

/// The path below a folder, "." for the folder itself; nothing where it is not in it.
std::optional<fs::path> below(const fs::path& path, const fs::path& folder) {
    const auto [at, rest] = std::ranges::mismatch(folder, path);
    // a folder that ends in a slash has an empty last part, as the root has not
    if (at != folder.end()) {
        return std::nullopt;
    }
    fs::path out;
    for (auto part = rest; part != path.end(); ++part) {
        out /= *part;
    }
    return out.empty() ? fs::path(".") : out;
}

std::string joined(const std::string& folder, const fs::path& rest) {
    return rest == "." ? folder : (fs::path(folder) / rest).string();
}

/// As far as the path exists, without links; the rest as it is written.
Result<fs::path> canonical(const fs::path& path) {
    std::error_code error;
    fs::path out = fs::weakly_canonical(path, error);
    if (error) {
        return fail_system(ErrorCode::not_found, "cannot look at " + path.string(), error.value());
    }
    return out;
}

/// The grant whose `side` holds the path and is the longest such, and the path below it; of two
/// with one host the writable one.
struct Found {
    const Grant* grant = nullptr;
    fs::path rest;
};

Found longest(const std::vector<Grant>& grants, std::string Grant::* side, const fs::path& path) {
    Found out;
    for (const Grant& grant : grants) {
        auto rest = below(path, grant.*side);
        const auto rank = [side](const Grant& of) {
            return std::pair((of.*side).size(), of.writable);
        };
        if (rest && (out.grant == nullptr || rank(grant) > rank(*out.grant))) {
            out = {.grant = &grant, .rest = *std::move(rest)};
        }
    }
    return out;
}

}  // namespace

Result<Grants> Grants::open(std::vector<Grant> given) {
    std::ranges::sort(given, {}, &Grant::guest);
    const auto twice = std::ranges::adjacent_find(given, {}, &Grant::guest);
    if (twice != given.end()) {
        return fail(ErrorCode::invalid_request,
                    "two directories are called " + twice->guest + "; give each a name of its own");
    }
    for (Grant& grant : given) {
        std::error_code error;
        const fs::path real = fs::canonical(grant.host, error);
        if (error || !fs::is_directory(real, error)) {
            return fail(ErrorCode::not_found, grant.host + ", which is to be " + grant.guest +
                                                  " of a tool, is no directory; make it, or name "
                                                  "another");
        }
        grant.host = real.string();
    }
    return Grants(std::move(given));
}

Result<Place> Grants::locate(const std::string& path, std::string_view tool) const {
    if (!path.starts_with('/') || path.find('\0') != std::string::npos) {
        return fail(ErrorCode::invalid_request,
                    "'" + path + "' is no absolute path, and a tool has no folder to begin at");
    }
    const auto real = canonical(path);
    if (!real) {
        return std::unexpected(real.error());
    }
    if (const Found found = longest(list_, &Grant::host, *real); found.grant != nullptr) {
        return Place{.guest = joined(found.grant->guest, found.rest),
                     .host = *real,
                     .writable = found.grant->writable};
    }
    const fs::path plain = fs::path(path).lexically_normal();
    if (const Found found = longest(list_, &Grant::guest, plain); found.grant != nullptr) {
        const auto host = canonical(joined(found.grant->host, found.rest));
        if (host && below(*host, found.grant->host)) {
            return Place{.guest = joined(found.grant->guest, found.rest),
                         .host = *host,
                         .writable = found.grant->writable};
        }
    }
    return fail(ErrorCode::forbidden, std::string(tool) + " may not touch " + path +
                                          ": it was given " + describe(list_) +
                                          "; give it more with --dir HOST::GUEST (\"dirs\"), or "
                                          "under [preopens] of its tool.toml");
}

bool covers(const Grant& given, const Grant& other) {
    return below(other.host, given.host).has_value() && (given.writable || !other.writable);
}

std::string describe(const std::vector<Grant>& grants) {
    std::string out;
    for (const Grant& grant : grants) {
        out += (out.empty() ? "" : ", ") + grant.guest + " (" + grant.host +
               (grant.writable ? ")" : ", read only)");
    }
    return out.empty() ? "nothing" : out;
}

}  // namespace threadrunner::tool
