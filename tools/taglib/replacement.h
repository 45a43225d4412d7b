#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <expected>
#include <string>

#include "base/unique_fd.h"

namespace threadrunner::taglib {

/// A new version of a file, made beside it and put in its place at once: who is killed in between
/// leaves the old one whole. What is not committed is removed.
class Replacement {
public:
    /// Copies the file. An error says what is wrong with `path`, which has to be a file that may be
    /// written; a symbolic link stands for the file that it leads to.
    [[nodiscard]] static std::expected<Replacement, std::string> begin(const std::string& path);

    Replacement(Replacement&& other) noexcept;
    Replacement& operator=(Replacement&&) = delete;
    ~Replacement();

    /// The copy, to be changed.
    [[nodiscard]] const std::string& copy() const { return copy_; }

    enum class Outcome : std::uint8_t {
        done,
        overtaken,  ///< the file is another than the one copied, or the copy is gone
        failed,     ///< errno says why
    };

    /// Puts the copy in the file's place, once its bytes are on the disk.
    [[nodiscard]] Outcome commit();

private:
    Replacement(std::string path, std::string copy, const struct stat& original);

    std::string path_;
    std::string copy_;  ///< empty once it is committed
    struct stat original_;
};

}  // namespace threadrunner::taglib
