#include "wire/settings_document.h"

#include <array>
#include <cstddef>

namespace threadrunner::wire {

Json settings_document(const std::filesystem::path& file, const SettingsReading& reading) {
    Json settings = Json::array();
    for (const SettingRow& row : settings_table()) {
        const Origin origin = reading.origin_of(row.key);
        settings.push_back({{"key", row.key},
                            {"value", row.shown(reading.values)},
                            {"source", source_name(origin.source)},
                            {"place", origin.place},
                            {"values", row.values},
                            {"variable", row.environment_name()},
                            {"applies", applies_name(row.applies)},
                            {"meaning", row.meaning}});
    }
    return {{"file", file.string()}, {"settings", std::move(settings)}};
}

std::string_view source_name(Origin::Source source) {
    constexpr std::array<std::string_view, 4> names = {"default", "file", "environment", "flag"};
    return names[static_cast<std::size_t>(source)];
}

std::string_view applies_name(Applies applies) {
    constexpr std::array<std::string_view, 3> names = {"now", "next_load", "restart"};
    return names[static_cast<std::size_t>(applies)];
}

}  // namespace threadrunner::wire
