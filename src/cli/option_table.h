#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/command_table.h"
#include "cli/invocation.h"

namespace threadrunner::cli {

/// One option, as data: parsing, help and completion all come from here.
struct OptionSpec {
    std::string_view name;   ///< "--max-tokens"
    char letter = '\0';      ///< 'm' for -m
    std::string_view value;  ///< what to call its value in the help; empty for a flag
    std::string_view help;
    CommandSet commands = 0;  ///< where it belongs
    /// Puts the value where it belongs; a flag has none. Its errors name the option.
    Result<void> (*apply)(Options& options, const OptionSpec& spec, const std::string& value);
    double min = 0;  ///< of a number
    double max = std::numeric_limits<double>::max();

    [[nodiscard]] bool is_flag() const { return value.empty(); }
    /// The request's member of the same meaning: "max_tokens".
    [[nodiscard]] std::string member() const;
};

/// All options, in the order of the help.
[[nodiscard]] std::span<const OptionSpec> option_table();

}  // namespace threadrunner::cli
