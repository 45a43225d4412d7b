#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/invocation.h"

namespace threadrunner::cli {

using Words = std::span<const std::string>;

/// One command, as data: routing, help and completion all come from here.
struct CommandSpec {
    Command command;
    std::string_view name;
    std::string_view usage;    ///< what follows the name
    std::string_view summary;  ///< one line
    std::string_view details;  ///< examples, and what one line cannot say
    /// Whether these words can be the command's arguments. If not, they are a prompt.
    bool (*fits)(Words arguments);
};

/// All commands, in the order of the enum.
[[nodiscard]] std::span<const CommandSpec> command_table();

[[nodiscard]] const CommandSpec& spec_of(Command command);

/// The command with this name, if there is one.
[[nodiscard]] const CommandSpec* find_command(std::string_view name);

/// A set of commands, for options to say where they belong.
using CommandSet = std::uint32_t;

template <class... Commands>
[[nodiscard]] constexpr CommandSet command_set(Commands... commands) {
    return ((CommandSet{1} << static_cast<unsigned>(commands)) | ... | 0U);
}

[[nodiscard]] constexpr bool contains(CommandSet set, Command command) {
    return (set & command_set(command)) != 0;
}

}  // namespace threadrunner::cli
