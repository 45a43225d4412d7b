#include "tool/rounds/dialogue.h"

namespace threadrunner::tool {

using wire::Json;

Json messages_of(const std::string& text, const std::vector<Dialogue::Result>& results) {
    Json calls = Json::array();
    Json out = Json::array({Json()});
    for (const Dialogue::Result& result : results) {
        calls.push_back(
            {{"id", result.call.id},
             {"type", "function"},
             {"function", {{"name", result.call.name}, {"arguments", result.call.arguments}}}});
        out.push_back(
            {{"role", "tool"}, {"tool_call_id", result.call.id}, {"content", result.text}});
    }
    out.front() = {{"role", "assistant"}, {"content", text}, {"tool_calls", std::move(calls)}};
    return out;
}

Json tool_of(const Function& function) {
    return {{"type", "function"},
            {"function",
             {{"name", function.name},
              {"description", function.summary},
              {"parameters", function.parameters}}}};
}

}  // namespace threadrunner::tool
