#pragma once

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/log_line.h"
#include "base/unique_fd.h"

namespace threadrunner::log {

/// threadrunner-daemon-YYYY-MM-DD.log, of the local date.
[[nodiscard]] std::string day_file_name(Time time);

/// Whether a file's name is one of those.
[[nodiscard]] bool is_day_file_name(std::string_view name);

/// Appends lines to the file of their day, and deletes the oldest files when it begins a new one.
/// It counts files, not days, and never deletes the one at hand: a clock that jumps, however far,
/// costs at most the oldest. For one thread.
class DayFiles {
public:
    explicit DayFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

    /// A line without its end. Where it cannot be written it is counted; the first that can be
    /// written again is preceded by one that says how many were lost, and why.
    void append(std::string_view line, Time time);

    /// Opens the day's file if another one, or none, is open.
    [[nodiscard]] Result<void> turn_to(Time time);

    /// From the next new file on.
    void set_kept(std::uint64_t files) { kept_ = files; }

private:
    [[nodiscard]] bool write(std::string_view text);
    void delete_old() const;

    std::filesystem::path directory_;
    std::uint64_t kept_ = 1;
    std::string name_;  ///< of the open file
    UniqueFd fd_;
    bool mid_line_ = false;  ///< the file ends within a line
    std::uint64_t lost_ = 0;
    int fault_ = 0;  ///< errno of the first that was lost
};

}  // namespace threadrunner::log
