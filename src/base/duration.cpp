/// The durations of base/text.h, apart from its other texts: the modules of tools/ take those, and
/// their library reads no fractions.

#include <array>
#include <charconv>
#include <system_error>

#include "base/text.h"

namespace threadrunner {

using std::chrono::milliseconds;

Result<milliseconds> parse_duration(std::string_view text, std::string_view what) {
    const auto bad = [&] {
        return fail(ErrorCode::invalid_request,
                    std::string(what) + " is no duration: '" + std::string(text) +
                        "'; write seconds (300), a unit (250ms, 5m, 2h, 1d) or -1 for ever");
    };
    double number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) {
        return bad();
    }
    const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
    if (number == -1 && unit.empty()) {
        return milliseconds::max();
    }
    struct Unit {
        std::string_view name;
        double milliseconds;
    };
    static constexpr std::array units = {
        Unit{"", 1000},    Unit{"ms", 1},        Unit{"s", 1000},
        Unit{"m", 60'000}, Unit{"h", 3'600'000}, Unit{"d", 86'400'000},
    };
    for (const auto& [name, factor] : units) {
        // The bound keeps the product far from overflow: a hundred years.
        if (unit == name && number >= 0 && number * factor <= 3.2e12) {
            return milliseconds(static_cast<milliseconds::rep>(number * factor));
        }
    }
    return bad();
}

std::string format_duration(milliseconds duration) {
    if (duration == milliseconds::max()) {
        return "for ever";
    }
    const auto total = duration.count();
    if (total < 1000) {
        return std::to_string(total) + "ms";
    }
    const auto seconds = total / 1000;
    const auto pair = [](auto large, const char* large_unit, auto small, const char* small_unit) {
        return std::to_string(large) + large_unit +
               (small == 0 ? "" : " " + std::to_string(small) + small_unit);
    };
    if (seconds < 60) {
        return std::to_string(seconds) + "s";
    }
    if (seconds < 3600) {
        return pair(seconds / 60, "m", seconds % 60, "s");
    }
    return pair(seconds / 3600, "h", seconds % 3600 / 60, "m");
}

}  // namespace threadrunner
