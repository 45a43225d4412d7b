#include "protocol/tool.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace threadrunner::tools {
namespace {

Json failed(std::string_view why) { return {{"ok", false}, {"error", why}}; }

/// The schema of an operation that has no arguments.
Json no_arguments() { return {{"type", "object"}, {"properties", Json::object()}}; }

Json batch_arguments() {
    const Json request = {{"type", "object"},
                          {"properties", {{"op", {{"type", "string"}}}}},
                          {"required", Json::array({"op"})}};
    return {{"type", "object"},
            {"properties",
             {{"requests",
               {{"type", "array"},
                {"items", request},
                {"description", "requests of this tool, each with `op` and its arguments"}}}}},
            {"required", Json::array({"requests"})}};
}

}  // namespace

Tool::Tool(std::string name, std::string version, std::vector<Operation> operations)
    : name_(std::move(name)), version_(std::move(version)), operations_(std::move(operations)) {
    operations_.push_back({"describe", "What this tool can do, as JSON schemas.", no_arguments(),
                           false, [this](const Json&) -> Answer { return describe(); }});
    operations_.push_back({"batch", "Several requests at once, answered in order.",
                           batch_arguments(), std::ranges::any_of(operations_, &Operation::writes),
                           [this](const Json& request) { return batch(request); }});
}

std::string Tool::reply_to(std::string_view payload) const {
    const auto request = wire::decode_msgpack(payload);
    if (!request) {
        return refusal(request.error().message);
    }
    std::string bytes = wire::encode_msgpack(reply(*request, false));
    if (bytes.size() > frame_bytes_max) {
        Json instead =
            failed("The reply would be " + format_bytes(bytes.size()) + "; a frame holds " +
                   format_bytes(frame_bytes_max) + ". Ask for less at once");
        if (const auto id = request->find("id"); id != request->end()) {
            instead["id"] = *id;
        }
        bytes = wire::encode_msgpack(instead);
    }
    return bytes;
}

std::string Tool::refusal(std::string_view why) { return wire::encode_msgpack(failed(why)); }

Json Tool::reply(const Json& request, bool in_batch) const {
    if (!request.is_object()) {
        return failed("A request is a map");
    }
    Answer answered = answer(request, in_batch);
    Json document = answered ? *std::move(answered) : failed(answered.error());
    document.emplace("ok", true);
    if (const auto id = request.find("id"); id != request.end()) {
        document["id"] = *id;
    }
    return document;
}

Answer Tool::answer(const Json& request, bool in_batch) const {
    const auto op = request.find("op");
    if (op == request.end() || !op->is_string()) {
        return refuse("Missing op");
    }
    const auto& name = op->get_ref<const std::string&>();
    if (in_batch && name == "batch") {
        return refuse("A batch holds no batch");
    }
    const auto found = std::ranges::find(operations_, name, &Operation::name);
    if (found == operations_.end()) {
        return refuse("Unknown operation: " + name);
    }
    return found->run(request);
}

Answer Tool::batch(const Json& request) const {
    const auto requests = request.find("requests");
    if (requests == request.end() || !requests->is_array()) {
        return refuse("Missing requests");
    }
    Json replies = Json::array();
    for (const Json& each : *requests) {
        replies.push_back(reply(each, true));
    }
    return Json{{"replies", std::move(replies)}};
}

Json Tool::describe() const {
    Json ops = Json::object();
    for (const Operation& operation : operations_) {
        ops[operation.name] = {{"summary", operation.summary},
                               {"args", operation.arguments},
                               {"writes", operation.writes}};
    }
    return {{"name", name_}, {"version", version_}, {"ops", std::move(ops)}};
}

}  // namespace threadrunner::tools
