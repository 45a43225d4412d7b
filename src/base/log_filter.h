#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace threadrunner::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, off };

/// In the order of the enum.
inline constexpr std::array<std::string_view, 6> level_names = {"trace", "debug", "info",
                                                                "warn",  "error", "off"};

/// The level of this name, in whatever case.
[[nodiscard]] std::optional<Level> level_from(std::string_view name);

/// What is worth a line: a level, and other levels for some targets.
class Filter {
public:
    Filter() = default;
    explicit Filter(Level least) : least_(least) {}

    /// A level, or target=level pairs with commas between (daemon=debug,engine=info); a target may
    /// carry the prefix threadrunner_, and `core` means all. invalid_request names the bad part.
    [[nodiscard]] static Result<Filter> parse(std::string_view text);

    [[nodiscard]] bool passes(Level level, std::string_view target) const;

private:
    Level least_ = Level::info;
    std::map<std::string, Level, std::less<>> by_target_;
};

}  // namespace threadrunner::log
