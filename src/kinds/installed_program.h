#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace threadrunner {

/// For tests: a program of ours beside the running one, where find_program() looks for it. It is a
/// shell script.
class InstalledProgram {
public:
    explicit InstalledProgram(const std::string& name, const std::string& script = {})
        : path_(std::filesystem::read_symlink("/proc/self/exe").parent_path() / name) {
        std::ofstream(path_) << "#!/bin/sh\n" << script;
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
    }
    InstalledProgram(const InstalledProgram&) = delete;
    InstalledProgram& operator=(const InstalledProgram&) = delete;
    ~InstalledProgram() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace threadrunner
