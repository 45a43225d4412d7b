#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace threadrunner::sandbox {

/// Compiled modules in a folder, by the SHA-256 of the module and the version of what compiled it.
/// Compiled code is run as it is, so the folder is used only if nobody but us may write to it, and
/// each entry ends with its own SHA-256: one that a disk or a crash has damaged counts as none.
class ModuleCache {
public:
    /// Opens the folder; makes it (0700) if it is missing. forbidden: others may change what is in
    /// it; the message says what to do.
    [[nodiscard]] static Result<ModuleCache> open(const std::filesystem::path& folder,
                                                  std::string_view compiler_version);

    /// The compiled form of the module with this SHA-256, if it is there and whole.
    [[nodiscard]] std::optional<std::string> find(const std::string& sha256) const;

    /// Keeps a compiled form, whole or not at all, and lets the oldest entries go.
    [[nodiscard]] Result<void> store(const std::string& sha256, std::string_view compiled) const;

private:
    ModuleCache(UniqueFd folder, std::string suffix)
        : folder_(std::move(folder)), suffix_(std::move(suffix)) {}

    void prune() const;

    UniqueFd folder_;
    std::string suffix_;  ///< of an entry's name: the version, and what it is
};

}  // namespace threadrunner::sandbox
