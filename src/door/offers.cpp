#include "door/offers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "door/directories.h"

namespace threadrunner {
namespace {

using wire::Fields;
using wire::Json;

bool is_ours(const Json& tool) {
    return tool.is_object() && tool.value("type", Json()) == "threadrunner";
}

Offer::Writing read_writing(Fields& fields) {
    const std::string name = fields.text("writes").value_or("deny");
    if (name == "allow") {
        return Offer::Writing::allow;
    }
    if (name == "ask") {
        return Offer::Writing::ask;
    }
    if (name != "deny") {
        fields.refuse("a tool's 'writes' must be deny, ask or allow");
    }
    return Offer::Writing::deny;
}

Offer read_offer(const Json& tool, Fields& request) {
    Fields fields(tool, "a tool of the type threadrunner");
    Offer out{.tool = fields.required(fields.text("name"), "name"),
              .directories = read_directories(fields),
              .writing = read_writing(fields)};
    if (auto checked = fields.check(); !checked) {
        request.refuse(checked.error().message);
    }
    return out;
}

}  // namespace

bool has_offers(const Json& tools) {
    return tools.is_array() && std::ranges::any_of(tools, is_ours);
}

Offers take_offers(Fields& fields, Json& tools) {
    Offers out;
    if (!has_offers(tools)) {
        return out;
    }
    const auto rounds = fields.integer("max_rounds", 1, limits::tool_rounds_max);
    out.rounds_max = rounds ? static_cast<std::size_t>(*rounds) : limits::tool_rounds;
    Json others = Json::array();
    for (Json& tool : tools) {
        if (is_ours(tool)) {
            out.tools.push_back(read_offer(tool, fields));
        } else {
            others.push_back(std::move(tool));
        }
    }
    if (out.tools.size() > limits::tool_offers_max) {
        fields.refuse("'tools' can have at most " + std::to_string(limits::tool_offers_max) +
                      " of the type threadrunner");
    }
    tools = others.empty() ? Json() : std::move(others);
    return out;
}

}  // namespace threadrunner
