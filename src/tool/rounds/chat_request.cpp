#include "tool/rounds/chat_request.h"

#include <utility>

#include "tool/rounds/dialogue.h"
#include "wire/member_texts.h"

namespace threadrunner::tool {
namespace {

using wire::Json;

/// The object with a member, which it may have had already.
std::string with_member(const std::string& object, std::string_view name,
                        const std::string& value) {
    if (!wire::member_text(object, name)) {
        const std::size_t at = object.find('{') + 1;
        const bool is_empty = object.find_first_not_of(" \t\r\n", at) == object.find('}', at);
        return object.substr(0, at) + wire::encode_json(Json(name)) + ":" + value +
               (is_empty ? "" : ",") + object.substr(at);
    }
    return wire::with_members_changed(
        object, [&](const wire::Member& member) -> std::optional<std::string> {
            const bool meant = member.parent.empty() && member.name == name;
            return meant ? std::optional(value) : std::nullopt;
        });
}

/// An array's text with more items at its end.
std::string with_items(std::string_view array, const Json& items) {
    std::string more = wire::encode_json(items);
    const std::size_t end = array.rfind(']');
    if (end == array.npos || !array.starts_with('[')) {
        return more;  // it is null, or missing
    }
    const bool is_empty = array.find_first_not_of(" \t\r\n", 1) == end;
    return std::string(array.substr(0, end)) + (is_empty ? "" : ",") + more.substr(1);
}

}  // namespace

void ChatRequest::append(std::string_view member, const Json& items) {
    const std::string before(wire::member_text(body_, member).value_or(""));
    body_ = with_member(body_, member, with_items(before, items));
}

void ChatRequest::offer(const std::vector<Function>& functions) {
    Json tools = Json::array();
    for (const Function& function : functions) {
        tools.push_back(tool_of(function));
    }
    append("tools", tools);
}

void ChatRequest::go_on(const Json& messages) {
    append("messages", messages);
    if (wire::member_text(body_, "tool_choice")) {
        body_ = with_member(body_, "tool_choice", "\"auto\"");
    }
}

}  // namespace threadrunner::tool
