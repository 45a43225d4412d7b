#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace threadrunner::cli {

/// How a finding is to be taken. Only a problem makes the doctor exit with 1.
enum class Health : std::uint8_t {
    ok,
    note,     ///< worth knowing, nothing to do
    warning,  ///< works, but worse than it could
    problem,  ///< something does not work
};

/// One thing that was looked at.
struct Finding {
    Health health = Health::ok;
    std::string group;   ///< what was looked at: "memory"
    std::string what;    ///< what was seen, with its numbers
    std::string remedy;  ///< what to do; empty where nothing is to be done
};

using Findings = std::vector<Finding>;

[[nodiscard]] constexpr std::string_view health_name(Health health) {
    switch (health) {
        case Health::ok:
            return "ok";
        case Health::note:
            return "note";
        case Health::warning:
            return "warning";
        case Health::problem:
            break;
    }
    return "problem";
}

}  // namespace threadrunner::cli
