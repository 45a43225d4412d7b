#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace threadrunner::cli {

enum class Slash : std::uint8_t { model, system, save, clear, retry, help, quit };

/// A command of a chat, as data: reading, help and suggestions come from here.
struct SlashSpec {
    Slash slash;
    std::string_view name;   ///< "/model"
    std::string_view value;  ///< what follows; empty: nothing may
    std::string_view meaning;
};

[[nodiscard]] std::span<const SlashSpec> slash_table();

/// A command and what follows it.
struct SlashCommand {
    Slash slash;
    std::string value;
};

/// Reads a turn that begins with a slash; nothing for one that does not, or begins with two, which
/// stand for one. invalid_request for an unknown command, with the nearest.
[[nodiscard]] Result<std::optional<SlashCommand>> read_slash_command(std::string_view turn);

}  // namespace threadrunner::cli
