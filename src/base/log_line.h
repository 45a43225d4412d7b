#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/log_filter.h"

namespace threadrunner::log {

using Time = std::chrono::system_clock::time_point;

/// A fact of a line, for those who search.
struct Field {
    std::string_view name;
    std::variant<std::int64_t, std::string> value;
};

/// What one line of the log says. It refers to the texts of whoever writes it.
struct Line {
    Level level = Level::info;
    std::string_view target;    ///< which part speaks: daemon, job, engine …
    std::string_view job = {};  ///< which job it is about, if it is: j17
    std::string_view message = {};
    std::span<const Field> fields = {};
};

/// For people: "2026-01-31T12:00:00.250+01:00 I job: j17 ended op=generate". No line break at its
/// end and none within.
[[nodiscard]] std::string plain_line(const Line& line, Time time);

/// For programs: a JSON object with time, level, target, job, message and the fields.
[[nodiscard]] std::string json_line(const Line& line, Time time);

/// For the journal, which knows the time: "<6>job: j17 ended op=generate".
[[nodiscard]] std::string journal_line(const Line& line);

}  // namespace threadrunner::log
