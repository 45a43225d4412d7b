#include "cli/request.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

namespace threadrunner::cli {
namespace {

constexpr int protocol_version = 2;
constexpr int request_id = 1;

}  // namespace

std::string resolve_model(const std::string& given) {
    namespace fs = std::filesystem;
    std::error_code error;
    const bool looks_like_path =
        given.starts_with('/') || given.starts_with("./") || given.starts_with("../");
    // A directory that happens to bear a model's name is not meant.
    if (!looks_like_path && !fs::is_regular_file(given, error)) {
        return given;
    }
    const fs::path absolute = fs::absolute(given, error);
    return error ? given : absolute.lexically_normal().string();
}

std::optional<std::string> chosen_model(const Options& options, const Environment& environment) {
    const auto given = options.model ? options.model : environment("THREADRUNNER_MODEL_PATH");
    return given ? std::optional(resolve_model(*given)) : std::nullopt;
}

wire::Json make_request(std::string_view op, const Options& options) {
    wire::Json out = options.request;
    out["v"] = protocol_version;
    out["id"] = request_id;
    out["op"] = op;
    return out;
}

wire::Json make_model_request(std::string_view op, const Options& options,
                              const Environment& environment) {
    wire::Json out = make_request(op, options);
    if (auto model = chosen_model(options, environment)) {
        out["model"] = *std::move(model);
    }
    if (auto backend = options.backend ? options.backend : environment("THREADRUNNER_BACKEND")) {
        out["backend"] = *std::move(backend);
    }
    return out;
}

void set_deadline(wire::Json& request, Clock::time_point until, Clock::time_point now) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    request["deadline_ms"] = std::max<std::int64_t>(left, 1);
}

std::string compose_prompt(const std::vector<std::string>& words,
                           const std::optional<std::string>& input) {
    std::string out;
    for (const std::string& word : words) {
        out += (out.empty() ? "" : " ") + word;
    }
    std::string_view rest = input ? std::string_view(*input) : std::string_view();
    while (rest.ends_with('\n') || rest.ends_with('\r')) {
        rest.remove_suffix(1);
    }
    if (!out.empty() && !rest.empty()) {
        out += "\n\n";
    }
    return out += rest;
}

}  // namespace threadrunner::cli
