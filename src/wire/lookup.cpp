#include "wire/lookup.h"

namespace threadrunner::wire {

const Json& member(const Json& object, std::string_view name) {
    static const Json null;
    if (!object.is_object()) {
        return null;
    }
    const auto found = object.find(name);
    return found == object.end() ? null : *found;
}

std::string text_at(const Json& object, std::string_view name) {
    const Json& value = member(object, name);
    return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace threadrunner::wire
