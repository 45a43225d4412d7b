#pragma once

#include <string>

#include "base/settings.h"

namespace threadrunner {

/// The key of the server at upstream.url: upstream.key, else what the file upstream.key_file holds;
/// empty without either. A file that others may read is refused, as is a key that cannot stand in a
/// header. No message quotes the key.
[[nodiscard]] Result<std::string> configured_key(const Settings& settings);

}  // namespace threadrunner
