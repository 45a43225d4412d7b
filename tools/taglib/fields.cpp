#include "taglib/fields.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace threadrunner::taglib {
namespace {

using TagLib::PropertyMap;
using TagLib::StringList;
using tools::Json;
using Problem = std::unexpected<std::string>;

/// A field that is a property by another name.
struct Named {
    std::string_view field;
    const char* property;
};
constexpr std::array named_fields = {
    Named{"title", "TITLE"},       Named{"artist", "ARTIST"},
    Named{"album", "ALBUM"},       Named{"albumArtist", "ALBUMARTIST"},
    Named{"composer", "COMPOSER"}, Named{"comment", "COMMENT"},
    Named{"genre", "GENRE"},       Named{"date", "DATE"},
    Named{"bpm", "BPM"},
};

/// Two fields of one property: "3/12" is track 3 of 12.
struct Counted {
    std::string_view number_field;
    std::string_view total_field;
    const char* number;
    std::array<const char*, 2> totals;  ///< properties for the total alone; we write the first
};
constexpr std::array counted_fields = {
    Counted{"track", "totalTracks", "TRACKNUMBER", {"TRACKTOTAL", "TOTALTRACKS"}},
    Counted{"disc", "totalDiscs", "DISCNUMBER", {"DISCTOTAL", "TOTALDISCS"}},
};

constexpr std::string_view year_field = "year";

/// "03" is 3; a text that is no number stays what it is.
Json number_or_text(std::string_view text) {
    if (const auto number = number_from<std::int64_t>(text)) {
        return *number;
    }
    return std::string(text);
}

Json values_of(const StringList& values) {
    if (values.size() == 1) {
        return text_of(values.front());
    }
    Json all = Json::array();
    for (const TagLib::String& value : values) {
        all.push_back(text_of(value));
    }
    return all;
}

std::string first_value(const PropertyMap& properties, const char* key) {
    const StringList& values = properties.value(key);
    return values.isEmpty() ? std::string() : text_of(values.front());
}

void read_counted(const PropertyMap& properties, const Counted& counted, Json& tags) {
    const std::string value = first_value(properties, counted.number);
    const std::size_t slash = value.find('/');
    const std::string_view number = std::string_view(value).substr(0, slash);
    std::string total = slash == value.npos ? std::string() : value.substr(slash + 1);
    for (const char* const property : counted.totals) {
        total = total.empty() ? first_value(properties, property) : total;
    }
    if (!number.empty()) {
        tags[counted.number_field] = number_or_text(number);
    }
    if (!total.empty()) {
        tags[counted.total_field] = number_or_text(total);
    }
}

void read_date(const PropertyMap& properties, Json& tags) {
    constexpr std::size_t year_digits = 4;
    const std::string date = first_value(properties, "DATE");
    const std::string_view first = std::string_view(date).substr(0, year_digits);
    if (const auto year = number_from<std::uint32_t>(first)) {
        tags[year_field] = *year;
    }
}

bool is_counted(std::string_view property) {
    return std::ranges::any_of(counted_fields, [&](const Counted& counted) {
        return property == counted.number || property == counted.totals[0] ||
               property == counted.totals[1];
    });
}

/// As JSON writes it, but a whole one without ".0".
std::string number_text(const Json& number) {
    std::string text = number.dump();
    if (text.ends_with(".0")) {
        text.resize(text.size() - 2);
    }
    return text;
}

/// One value as text; empty for one that deletes, none for what no property can hold.
std::optional<std::string> one_value(const Json& value) {
    if (value.is_null()) {
        return std::string();
    }
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        // TagLib and the formats end or part values there
        return text.contains('\0') ? std::nullopt : std::optional(text);
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? "1" : "0";
    }
    return value.is_number() ? std::optional(number_text(value)) : std::nullopt;
}

std::expected<StringList, std::string> all_values(const std::string& field, const Json& value) {
    StringList values;
    const bool many = value.is_array();
    for (std::size_t i = 0; i < (many ? value.size() : 1); ++i) {
        const auto text = one_value(many ? value[i] : value);
        if (!text) {
            return Problem("Invalid value of \"" + field +
                           "\": it takes text without NUL, numbers, arrays of them, or null");
        }
        if (!text->empty()) {
            values.append(tag_text(*text));
        }
    }
    return values;
}

/// A field that counts: a whole number that is not negative, as number or text; empty deletes.
std::expected<std::string, std::string> count_value(const std::string& field, const Json& value) {
    const auto text = one_value(value);
    if (!text || (!text->empty() && !number_from<std::uint32_t>(*text))) {
        return Problem("Invalid value of \"" + field + "\": it takes a whole number, or null");
    }
    return *text;
}

void put(PropertyMap& properties, const char* key, const std::string& value) {
    properties.erase(key);
    if (!value.empty()) {
        properties.replace(key, StringList(tag_text(value)));
    }
}

/// Number and total together, since a format may keep them in one place. What `tags` does not have
/// stays as it is.
std::expected<void, std::string> change_counted(PropertyMap& properties, const Json& tags,
                                                const Counted& counted, Totals totals) {
    const auto number_in = tags.find(counted.number_field);
    const auto total_in = tags.find(counted.total_field);
    if (number_in == tags.end() && total_in == tags.end()) {
        return {};
    }
    const std::string was = first_value(properties, counted.number);
    const std::size_t slash = was.find('/');
    std::string number = was.substr(0, slash);
    std::string total = slash == was.npos ? std::string() : was.substr(slash + 1);
    for (const char* const property : counted.totals) {
        total = total.empty() ? first_value(properties, property) : total;
        properties.erase(property);
    }
    for (const auto& [given, field, text] : {std::tuple(number_in, counted.number_field, &number),
                                             std::tuple(total_in, counted.total_field, &total)}) {
        if (given != tags.end()) {
            auto value = count_value(std::string(field), *given);
            if (!value) {
                return Problem(value.error());
            }
            *text = *std::move(value);
        }
    }
    if (totals == Totals::by_themselves) {
        put(properties, counted.totals[0], total);
    } else if (!total.empty()) {
        number = (number.empty() ? "0" : number) + "/" + total;
    }
    put(properties, counted.number, number);
    return {};
}

/// The year alone replaces the date; beside a date it has nothing to say.
std::expected<void, std::string> change_year(PropertyMap& properties, const Json& tags) {
    const auto given = tags.find(year_field);
    if (given == tags.end() || tags.contains("date") || tags.contains("DATE")) {
        return {};
    }
    const auto year = count_value(std::string(year_field), *given);
    if (!year) {
        return Problem(year.error());
    }
    // a date of that year stays: it says more
    if (year->empty() || !first_value(properties, "DATE").starts_with(*year + "-")) {
        put(properties, "DATE", *year);
    }
    return {};
}

/// The property that a field stands for; empty for those that have rules of their own.
std::string property_of(const std::string& field) {
    const auto named = std::ranges::find(named_fields, field, &Named::field);
    if (named != named_fields.end()) {
        return named->property;
    }
    const bool counted = std::ranges::any_of(counted_fields, [&](const Counted& each) {
        return field == each.number_field || field == each.total_field;
    });
    if (counted || field == year_field || field == rating_field) {
        return {};
    }
    return text_of(tag_text(field).upper());
}

}  // namespace

std::string text_of(const TagLib::String& text) { return text.to8Bit(true); }

TagLib::String tag_text(const std::string& text) { return {text, TagLib::String::UTF8}; }

Json fields_of(const PropertyMap& properties) {
    Json tags = Json::object();
    for (const auto& [key, values] : properties) {
        const std::string property = text_of(key);
        if (values.isEmpty() || is_counted(property)) {
            continue;
        }
        const auto named = std::ranges::find(named_fields, property, &Named::property);
        tags[named == named_fields.end() ? property : std::string(named->field)] =
            values_of(values);
    }
    for (const Counted& counted : counted_fields) {
        read_counted(properties, counted, tags);
    }
    read_date(properties, tags);
    if (const auto bpm = tags.find("bpm"); bpm != tags.end() && bpm->is_string()) {
        *bpm = number_or_text(bpm->get_ref<const std::string&>());
    }
    return tags;
}

std::expected<void, std::string> change_fields(PropertyMap& properties, const Json& tags,
                                               Totals totals) {
    for (const auto& [field, value] : tags.items()) {
        const std::string property = property_of(field);
        if (property.empty()) {
            if (field.empty()) {
                return Problem("Invalid field: it has no name");
            }
            continue;
        }
        const auto values = all_values(field, value);
        if (!values) {
            return Problem(values.error());
        }
        properties.erase(tag_text(property));
        if (!values->isEmpty()) {
            properties.replace(tag_text(property), *values);
        }
    }
    for (const Counted& counted : counted_fields) {
        if (auto changed = change_counted(properties, tags, counted, totals); !changed) {
            return changed;
        }
    }
    return change_year(properties, tags);
}

}  // namespace threadrunner::taglib
