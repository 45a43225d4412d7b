#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/paths.h"
#include "tool/manifest.h"

namespace threadrunner::tool {

/// A tool that can be called by its name.
struct Tool {
    Manifest manifest;
    std::filesystem::path folder;
    bool shipped = false;  ///< it came with the programs; else it was installed
};

/// The tools of a home: those that were installed there, and those that came with the programs; of
/// two with one name the installed one. A manifest is read again when it has changed. Used by one
/// thread at a time; a copy remembers what the original has read.
class Registry {
public:
    explicit Registry(const Home& home);
    /// With other folders of tools that came along, for tests.
    Registry(std::filesystem::path installed, std::vector<std::filesystem::path> shipped);

    /// A folder that should hold a tool, and what is wrong with it where it does not.
    struct Entry {
        std::string name;
        Result<Tool> tool;
    };

    /// Every tool, by name.
    [[nodiscard]] std::vector<Entry> list() const;

    /// The tool of that name. not_found names those that there are; a broken manifest is its error.
    [[nodiscard]] Result<Tool> find(const std::string& name) const;

    [[nodiscard]] const std::filesystem::path& installed() const { return installed_; }

private:
    /// Of the manifest that was read: time, size, inode.
    using Stamp = std::array<std::uint64_t, 3>;
    struct Read {
        Stamp stamp{};
        Result<Manifest> manifest;
    };

    [[nodiscard]] Result<Tool> read(const std::filesystem::path& folder, bool shipped) const;

    std::filesystem::path installed_;
    std::vector<std::filesystem::path> shipped_;
    mutable std::map<std::filesystem::path, Read> read_;  ///< by folder
};

}  // namespace threadrunner::tool
