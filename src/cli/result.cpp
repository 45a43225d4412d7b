#include "cli/result.h"

#include <chrono>

#include "base/text.h"

namespace threadrunner::cli {
namespace {

const wire::Json* find(const wire::Json& object, std::string_view name) {
    if (!object.is_object()) {
        return nullptr;
    }
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

std::string text_in(const wire::Json& object, std::string_view name) {
    const wire::Json* member = find(object, name);
    if (member != nullptr && member->is_string()) {
        return member->get<std::string>();
    }
    return member != nullptr && member->is_number() ? wire::encode_json(*member) : std::string();
}

std::uint64_t count_in(const wire::Json& object, std::string_view name) {
    const wire::Json* member = find(object, name);
    return member != nullptr && member->is_number_unsigned() ? member->get<std::uint64_t>() : 0;
}

bool flag_in(const wire::Json& object, std::string_view name) {
    const wire::Json* member = find(object, name);
    return member != nullptr && member->is_boolean() && member->get<bool>();
}

bool has_in(const wire::Json& object, std::string_view name) {
    return find(object, name) != nullptr;
}

const wire::Json& object_in(const wire::Json& object, std::string_view name) {
    static const wire::Json none = wire::Json::object();
    const wire::Json* member = find(object, name);
    return member != nullptr && member->is_object() ? *member : none;
}

const wire::Json& list_in(const wire::Json& object, std::string_view name) {
    static const wire::Json none = wire::Json::array();
    const wire::Json* member = find(object, name);
    return member != nullptr && member->is_array() ? *member : none;
}

std::string duration_in(const wire::Json& object, std::string_view name) {
    if (!has_in(object, name)) {
        return {};
    }
    return format_duration(
        std::chrono::milliseconds(static_cast<std::int64_t>(count_in(object, name))));
}

}  // namespace threadrunner::cli
