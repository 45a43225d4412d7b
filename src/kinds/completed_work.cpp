#include "kinds/completed_work.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <variant>

#include "wire/decode.h"

namespace threadrunner {
namespace {

/// A route whose requests say how tokens are chosen, in OpenAI's or llama-server's words.
struct GeneratingRoute {
    std::string_view path;
    std::string_view stop_name = "stop";
};

constexpr std::array generating_routes = {
    GeneratingRoute{"/completion"},
    GeneratingRoute{"/v1/completions"},
    GeneratingRoute{"/v1/chat/completions"},
    GeneratingRoute{"/v1/responses"},
    GeneratingRoute{"/v1/messages", "stop_sequences"},
};

}  // namespace

std::string completed_body(const std::string& body, const work::Sampling& defaults,
                           std::string_view stop_name) {
    const auto given = wire::decode_json(body);
    if (!given || !given->is_object()) {
        return body;
    }
    std::string more;
    const auto add = [&](const auto& value, std::string_view name,
                         std::initializer_list<const char*> other_names = {}) {
        const bool said =
            given->contains(name) || std::ranges::any_of(other_names, [&](const char* other) {
                return given->contains(other);
            });
        if (value && !said) {
            more += ",\"" + std::string(name) + "\":" + wire::encode_json(*value);
        }
    };
    add(defaults.temperature, "temperature");
    add(defaults.top_p, "top_p");
    add(defaults.top_k, "top_k");
    add(defaults.min_p, "min_p");
    add(defaults.repeat_penalty, "repeat_penalty");
    add(defaults.seed, "seed");
    add(defaults.max_tokens, "max_tokens",
        {"n_predict", "max_completion_tokens", "max_output_tokens"});
    const auto stop = defaults.stop.empty() ? std::nullopt : std::optional(defaults.stop);
    add(stop, stop_name);
    if (more.empty()) {
        return body;
    }
    const std::size_t end = body.rfind('}');
    return body.substr(0, end) + (given->empty() ? more.substr(1) : more) + body.substr(end);
}

Work completed_work(const JobSpec& spec, const Settings& settings, const model::Registry& models) {
    Work out = spec.work;
    auto* generate = std::get_if<work::Generate>(&out);
    auto* route = std::get_if<work::Route>(&out);
    const auto row = route == nullptr ? generating_routes.end()
                                      : std::ranges::find(generating_routes, route->path,
                                                          &GeneratingRoute::path);
    if (generate == nullptr && row == generating_routes.end()) {
        return out;
    }
    // it was found when the job came in; what has changed since is for the next one
    const auto found = models.find(spec.model, settings.model);
    if (found && generate != nullptr) {
        model::fill(generate->sampling, found->defaults.sampling);
    } else if (found && found->defaults.samples()) {
        route->body = completed_body(route->body, found->defaults.sampling, row->stop_name);
    }
    return out;
}

}  // namespace threadrunner
