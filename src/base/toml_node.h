#pragma once

#include <toml++/toml.h>
#include <optional>
#include <string>

namespace threadrunner {

/// A value of TOML as the text that settings and defaults are read from; nothing for lists, tables
/// and dates.
[[nodiscard]] std::optional<std::string> node_text(const toml::node& node);

}  // namespace threadrunner
