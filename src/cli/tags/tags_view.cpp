#include "cli/tags/tags_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/number.h"
#include "cli/result.h"
#include "cli/table.h"

namespace threadrunner::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using wire::Json;

struct Column {
    std::string_view title;
    std::string_view field;
};

constexpr std::array columns = {Column{"TITLE", "title"}, Column{"ARTIST", "artist"},
                                Column{"ALBUM", "album"}, Column{"TRACK", "track"},
                                Column{"YEAR", "year"},   Column{"GENRE", "genre"}};

constexpr std::array<std::string_view, 7> number_fields = {
    "year", "track", "totalTracks", "disc", "totalDiscs", "bpm", "rating"};

/// What is too long for a line of text.
std::string shape_text(const Json& value) {
    return value.is_array() ? std::to_string(value.size()) + " of them"
                            : std::to_string(value.size()) + " fields";
}

void add_rows(const std::string& prefix, const Json& object, Rows& rows) {
    for (const auto& [name, value] : object.items()) {
        if (value.is_object()) {
            add_rows(prefix + name + ".", value, rows);
        } else {
            rows.push_back({prefix + name, field_text(value)});
        }
    }
}

}  // namespace

std::string field_text(const Json& value) {
    if (value.is_string()) {
        return value.get<std::string>();
    }
    if (!value.is_array()) {
        return value.is_object() ? shape_text(value)
               : value.is_null() ? std::string()
                                 : wire::encode_json(value);
    }
    std::string out;
    for (const Json& one : value) {
        if (one.is_structured()) {
            return shape_text(value);
        }
        out += (out.empty() ? "" : "; ") + field_text(one);
    }
    return out;
}

std::string tags_table(const std::vector<FileTags>& files) {
    Rows rows;
    if (files.size() == 1) {
        const auto& [file, answer] = files.front();
        rows.push_back({"file", file});
        add_rows("", object_in(answer, "tags"), rows);
        add_rows("audio.", object_in(answer, "audio"), rows);
        if (const Json& pictures = list_in(answer, "pictures"); !pictures.empty()) {
            rows.push_back({"pictures", shape_text(pictures)});
        }
        return format_table(rows);
    }
    rows.push_back({"FILE"});
    for (const Column& column : columns) {
        rows.front().emplace_back(column.title);
    }
    for (const auto& [file, answer] : files) {
        const Json& tags = object_in(answer, "tags");
        rows.push_back({file});
        for (const Column& column : columns) {
            const auto found = tags.find(column.field);
            rows.back().push_back(found == tags.end() ? "" : field_text(*found));
        }
    }
    return format_table(rows);
}

Json tag_changes(const std::vector<std::string>& assignments) {
    Json out = Json::object();
    for (const std::string& word : assignments) {
        const std::size_t equals = word.find('=');
        const std::string field = word.substr(0, equals);
        const std::string text = word.substr(equals + 1);
        const bool is_number = std::ranges::count(number_fields, field) > 0;
        Json value = text.empty() ? Json() : Json(text);
        if (const auto whole = number_from<std::int64_t>(text); is_number && whole) {
            value = *whole;
        } else if (const auto number = number_from<double>(text);
                   is_number && number && std::isfinite(*number)) {
            value = *number;
        }
        if (!out.contains(field)) {
            out[field] = std::move(value);
        } else if (!value.is_null()) {
            Json& before = out[field];
            if (!before.is_array()) {
                before = before.is_null() ? Json::array() : Json::array({std::move(before)});
            }
            before.push_back(std::move(value));
        }
    }
    return out;
}

}  // namespace threadrunner::cli
