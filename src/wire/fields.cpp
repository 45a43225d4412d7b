#include "wire/fields.h"

#include <cmath>
#include <utility>

#include "base/text.h"

namespace threadrunner::wire {

Fields::Fields(const Json& object, std::string_view what) : object_(object), what_(what) {
    if (!object.is_object()) {
        refuse(std::string(what) + " is not an object");
    }
}

const Json* Fields::find(std::string_view name) const {
    if (error_ || !object_.is_object()) {
        return nullptr;
    }
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Fields::refuse(std::string message) {
    if (!error_) {
        error_ = Error{.code = ErrorCode::invalid_request, .message = std::move(message)};
    }
}

void Fields::refuse_member(std::string_view name, std::string_view expected) {
    refuse("'" + std::string(name) + "' must be " + std::string(expected));
}

Result<void> Fields::check() const {
    if (error_) {
        return std::unexpected(*error_);
    }
    return {};
}

std::optional<std::string> Fields::text(std::string_view name) {
    const Json* member = find(name);
    if (member == nullptr) {
        return std::nullopt;
    }
    if (!member->is_string()) {
        refuse_member(name, "a string");
        return std::nullopt;
    }
    return member->get<std::string>();
}

std::optional<bool> Fields::flag(std::string_view name) {
    const Json* member = find(name);
    if (member == nullptr) {
        return std::nullopt;
    }
    if (!member->is_boolean()) {
        refuse_member(name, "true or false");
        return std::nullopt;
    }
    return member->get<bool>();
}

std::optional<double> Fields::number(std::string_view name, double min, double max) {
    const Json* member = find(name);
    if (member == nullptr) {
        return std::nullopt;
    }
    const double value = member->is_number() ? member->get<double>() : std::nan("");
    if (!(value >= min && value <= max)) {
        refuse_member(name, "a number from " + Json(min).dump() + " to " + Json(max).dump());
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t min,
                                            std::int64_t max) {
    const Json* member = find(name);
    if (member == nullptr) {
        return std::nullopt;
    }
    const bool fits = member->is_number_integer() &&
                      !(member->is_number_unsigned() &&
                        !std::in_range<std::int64_t>(member->get<std::uint64_t>()));
    const std::int64_t value = fits ? member->get<std::int64_t>() : 0;
    if (!fits || value < min || value > max) {
        refuse_member(name,
                      "an integer from " + std::to_string(min) + " to " + std::to_string(max));
        return std::nullopt;
    }
    return value;
}

std::optional<std::chrono::milliseconds> Fields::duration(std::string_view name) {
    const Json* member = find(name);
    if (member == nullptr) {
        return std::nullopt;
    }
    const std::string text = member->is_string()   ? member->get<std::string>()
                             : member->is_number() ? member->dump()
                                                   : std::string("?");
    auto parsed = parse_duration(text, "'" + std::string(name) + "'");
    if (!parsed) {
        refuse(parsed.error().message);
        return std::nullopt;
    }
    return *parsed;
}

std::vector<std::string> Fields::texts(std::string_view name) {
    const Json* member = find(name);
    if (member == nullptr) {
        return {};
    }
    if (member->is_string()) {
        return {member->get<std::string>()};
    }
    std::vector<std::string> out;
    if (member->is_array()) {
        for (const Json& item : *member) {
            if (item.is_string()) {
                out.push_back(item.get<std::string>());
            }
        }
    }
    if (!member->is_array() || out.size() != member->size()) {
        refuse_member(name, "a string or a list of strings");
        return {};
    }
    return out;
}

Json Fields::value(std::string_view name) {
    const Json* member = find(name);
    return member == nullptr ? Json() : *member;
}

Json Fields::array(std::string_view name) {
    const Json* member = find(name);
    if (member != nullptr && !member->is_array()) {
        refuse_member(name, "a list");
        return {};
    }
    return member == nullptr ? Json() : *member;
}

}  // namespace threadrunner::wire
