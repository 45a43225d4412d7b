#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/log_filter.h"

namespace threadrunner::wire {

/// Which lines of the log are wanted, and how.
struct LogQuery {
    std::optional<std::string> job;
    std::optional<log::Level> level;
    std::optional<std::chrono::system_clock::time_point> since;
    bool json = false;  ///< each as a JSON document, also those that were written for people

    [[nodiscard]] bool everything() const { return !job && !level && !since; }
};

/// Lets the wanted lines of a log through, whether written for people or for programs. A line that
/// is neither, such as the last words of a program that crashed, belongs to the one before it.
class LogSieve {
public:
    explicit LogSieve(LogQuery query) : query_(std::move(query)), wanted_(query_.everything()) {}

    /// The wanted lines of what comes next, which may end anywhere.
    [[nodiscard]] std::string pass(std::string_view text);

private:
    void pass_line(std::string_view line, std::string& out);

    LogQuery query_;
    std::string rest_;  ///< a line that has only begun
    bool wanted_;       ///< the line before
};

/// The last lines of all that is added.
class LastLines {
public:
    explicit LastLines(std::optional<std::size_t> count) : count_(count) {}

    void add(std::string_view lines);
    [[nodiscard]] std::string take();

private:
    std::optional<std::size_t> count_;  ///< none: all
    std::deque<std::string> lines_;
};

}  // namespace threadrunner::wire
