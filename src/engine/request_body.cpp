#include "engine/request_body.h"

#include <algorithm>
#include <array>

#include "wire/decode.h"

namespace threadrunner::engine {
namespace {

using wire::Json;

/// Whether it wants more answers to a prompt, under any of the names that llama.cpp knows.
bool wants_more_than(std::int64_t answers, const Json& body) {
    return std::ranges::any_of(std::array{"n", "n_cmpl"}, [&](const char* name) {
        const auto found = body.find(name);
        return found != body.end() && found->is_number() &&
               found->get<double>() > static_cast<double>(answers);
    });
}

/// The names of llama.cpp for how many tokens back a sampler looks.
constexpr std::array lookbacks = {"repeat_last_n", "dry_penalty_last_n"};

void bound_lookbacks(std::int64_t context, const Json& body, Json& added) {
    for (const char* name : lookbacks) {
        const auto found = body.find(name);
        if (found != body.end() && found->is_number() &&
            found->get<double>() > static_cast<double>(context)) {
            added[name] = context;
        }
    }
}

/// An empty list of stop texts is how some clients say that they have none to give.
bool gives(const Json& body, std::string_view name) {
    const auto found = body.find(name);
    return found != body.end() && !found->is_null() && !(found->is_array() && found->empty());
}

/// Of two members of one name the last counts, here and in llama.cpp: what is added at the end
/// wins.
std::string with_members(std::string_view object, const Json& added) {
    const std::string members = wire::encode_json(added);
    const std::size_t end = object.rfind('}');
    const bool first = object.find_last_not_of(" \t\r\n", end - 1) == object.find('{');
    std::string out(object.substr(0, end));
    out += first ? "" : ",";
    out += std::string_view(members).substr(1);
    return out;
}

}  // namespace

Result<std::string> prepare_body(std::string_view body, const BodyPlan& plan) {
    const auto given = wire::decode_json(body);
    if (!given) {
        return fail(given.error().code, "the body of the request: " + given.error().message);
    }
    if (!given->is_object()) {
        return fail(ErrorCode::invalid_request, "the body of the request is no JSON object");
    }
    if (wants_more_than(plan.answers, *given)) {
        return fail(ErrorCode::invalid_request,
                    "the request wants more answers to a prompt than the " +
                        std::to_string(plan.answers) + " that slots were given for");
    }
    Json added = Json::object();
    if (plan.context) {
        bound_lookbacks(*plan.context, *given, added);
    }
    if (plan.slot) {
        added["id_slot"] = *plan.slot;
    }
    if (!plan.stop_member.empty() && !plan.stops.empty() && !gives(*given, plan.stop_member)) {
        added[std::string(plan.stop_member)] = plan.stops;
    }
    return added.empty() ? std::string(body) : with_members(body, added);
}

}  // namespace threadrunner::engine
