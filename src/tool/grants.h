#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "job/grant.h"

namespace threadrunner::tool {

/// A path of the host as a tool knows it.
struct Place {
    std::string guest;
    std::filesystem::path host;  ///< canonical, as far as it exists
    bool writable = false;
};

/// The directories that a tool was given. Requests name files as the host does; the tool knows
/// other names, and no more than these. What is decided here only chooses words: the sandbox alone
/// keeps a tool within its directories, whatever happens to a path in the meantime. Reads the disk.
class Grants {
public:
    /// Resolves the hosts. not_found: one does not exist or is no directory; invalid_request: two
    /// have one name.
    [[nodiscard]] static Result<Grants> open(std::vector<Grant> given);

    Grants() = default;
    /// Of hosts that are canonical already.
    explicit Grants(std::vector<Grant> list) : list_(std::move(list)) {}

    /// Where a path is: an absolute path of the host, by the longest directory that holds it once
    /// links are resolved, or else one that is the tool's own word for it. forbidden: in none of
    /// them; the message names `tool` and what it was given.
    [[nodiscard]] Result<Place> locate(const std::string& path, std::string_view tool) const;

    /// By guest, with canonical hosts.
    [[nodiscard]] const std::vector<Grant>& list() const { return list_; }

private:
    std::vector<Grant> list_;
};

/// Whether who was given the one needs no other: it is that directory or within it, and no less
/// writable. Goes by the names alone: links are not looked at.
[[nodiscard]] bool covers(const Grant& given, const Grant& other);

/// "/music (/srv/music, read only)", one after the other; "nothing".
[[nodiscard]] std::string describe(const std::vector<Grant>& grants);

}  // namespace threadrunner::tool
