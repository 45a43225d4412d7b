#pragma once

#include <filesystem>
#include <string>

#include "base/settings.h"
#include "wire/decode.h"

namespace threadrunner::wire {

/// Settings as the daemon and the command tell them to programs: `file`, and in `settings` for each
/// its key, value, source, place, possible values, variable, when it `applies`, and its meaning.
[[nodiscard]] Json settings_document(const std::filesystem::path& file,
                                     const SettingsReading& reading);

/// "default", "file", "environment" or "flag".
[[nodiscard]] std::string_view source_name(Origin::Source source);

/// "now", "next_load" or "restart".
[[nodiscard]] std::string_view applies_name(Applies applies);

}  // namespace threadrunner::wire
