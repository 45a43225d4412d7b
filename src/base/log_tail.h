#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/paths.h"
#include "base/unique_fd.h"

namespace threadrunner::log {

/// The last lines of a text; a last line without an end counts.
[[nodiscard]] std::string_view last_lines(std::string_view text, std::size_t count);

/// Today's log, else the newest that is there, else today's, which is not there yet.
[[nodiscard]] std::filesystem::path newest_log(const Home& home);

/// The log's files of all days, oldest first.
[[nodiscard]] std::vector<std::filesystem::path> day_logs(const Home& home);

/// The last lines of a file, read from its end, at most 16 MiB. Empty when it cannot be read.
[[nodiscard]] std::string tail_of_file(const std::filesystem::path& file, std::size_t count);

/// Reads what is appended to a log, and goes on with the next day's file when there is one: the
/// daemon begins a new file at midnight.
class LogFollower {
public:
    /// Begins `lines` before the end of `file`, or, without, at its beginning. `today` gives the
    /// file of the day.
    LogFollower(const std::filesystem::path& file, std::optional<std::size_t> lines,
                std::function<std::filesystem::path()> today);

    /// What came since the last call.
    [[nodiscard]] std::string read_new();

private:
    void open(const std::filesystem::path& file);
    void read_rest(std::string& out);

    std::function<std::filesystem::path()> today_;
    std::filesystem::path file_;
    UniqueFd fd_;
};

}  // namespace threadrunner::log
