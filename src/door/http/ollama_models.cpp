#include "door/http/ollama_models.h"

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "wire/lookup.h"

namespace threadrunner::http {
namespace {

using wire::Json;
using wire::text_at;

std::uint64_t count_in(const Json& object, const char* name) {
    return object.value(name, std::uint64_t{0});
}

/// 64 digits that change when the file does. Ollama has the SHA-256 there, which would take minutes
/// for large files; its clients only compare it, or show its beginning.
std::string digest_of(const Json& model) {
    constexpr std::uint64_t prime = 0x100000001b3;  // FNV-1a, 64 bits
    const std::string state = text_at(model, "path") + "\n" +
                              std::to_string(count_in(model, "bytes")) + "\n" +
                              std::to_string(count_in(model, "modified"));
    std::string digits;
    std::uint64_t hash = 0xcbf29ce484222325;
    for (int part = 0; part < 4; ++part) {
        for (const char c : state) {
            hash = (hash ^ static_cast<unsigned char>(c)) * prime;
        }
        digits += fmt::format("{:016x}", hash);
    }
    return digits;
}

/// "268.10M", "8.0B".
std::string parameter_size(std::uint64_t count) {
    constexpr double million = 1e6;
    constexpr double billion = 1e9;
    const auto number = static_cast<double>(count);
    if (number >= billion) {
        return fmt::format("{:.1f}B", number / billion);
    }
    return number >= million ? fmt::format("{:.2f}M", number / million) : std::to_string(count);
}

Json details_of(const Json& model) {
    const std::string family = text_at(model, "architecture");
    return {{"parent_model", ""},
            {"format", "gguf"},
            {"family", family},
            {"families", {family}},
            {"parameter_size", parameter_size(count_in(model, "parameters"))},
            {"quantization_level", text_at(model, "quantization")}};
}

std::string modified_at(const Json& model) {
    return rfc3339(wall_time(model.value("modified", std::int64_t{0})));
}

Json tag_of(const Json& model, const std::string& name) {
    return {{"name", name},
            {"model", name},
            {"modified_at", modified_at(model)},
            {"size", count_in(model, "bytes")},
            {"digest", digest_of(model)},
            {"details", details_of(model)}};
}

/// Ollama's words for what a model can do.
Json capabilities_of(const Json& model) {
    struct Word {
        std::string_view ours;
        std::string_view theirs;
    };
    static constexpr std::array words = {Word{"complete", "completion"}, Word{"tools", "tools"},
                                         Word{"embed", "embedding"}, Word{"vision", "vision"}};
    Json out = Json::array();
    for (const Json& capability : model.value("capabilities", Json::array())) {
        for (const Word& word : words) {
            if (capability == word.ours) {
                out.push_back(word.theirs);
            }
        }
    }
    return out;
}

/// Defaults of requests as a Modelfile has them: a line a value.
std::string parameters_of(const Json& model) {
    std::string out;
    for (const char* name :
         {"temperature", "top_p", "top_k", "min_p", "repeat_penalty", "seed", "stop"}) {
        const Json value = model.value("defaults", Json::object()).value(name, Json());
        for (const Json& each : value.is_array() ? value : Json::array({value})) {
            if (!each.is_null()) {
                out += fmt::format("{:<30} {}\n", name, wire::encode_json(each));
            }
        }
    }
    return out;
}

Json model_info(const Json& model) {
    const std::string family = text_at(model, "architecture");
    return {{"general.architecture", family},
            {"general.name", text_at(model, "title")},
            {"general.parameter_count", count_in(model, "parameters")},
            {family + ".context_length", count_in(model, "context")},
            {family + ".block_count", count_in(model, "layers")},
            {family + ".embedding_length", count_in(model, "embedding")}};
}

/// The model that a worker serves; an empty one, of which nothing is known, if it has no name.
Json served_by(const Json& worker, const Json& models) {
    for (const Json& model : models.at("models")) {
        if (model.at("name") == worker.at("name")) {
            return model;
        }
    }
    return Json::object();
}

/// Ollama shows a model that stays for ever as one that stays for centuries.
WallTime expiry_of(const Json& worker, WallTime now) {
    constexpr auto for_ever = std::chrono::years(200);
    const Json& expires = worker.at("expires_ms");
    return expires.is_null() ? now + for_ever
                             : now + std::chrono::milliseconds(expires.get<std::int64_t>());
}

std::uint64_t bytes_off_host(const Json& worker) {
    std::uint64_t sum = 0;
    for (const auto& [device, bytes] : worker.at("reserved").items()) {
        sum += device == "host" ? 0 : bytes.get<std::uint64_t>();
    }
    return sum;
}

}  // namespace

Json ollama_tags(const Json& models) {
    Json out = Json::array();
    for (const Json& model : models.at("models")) {
        if (model.contains("error")) {
            continue;
        }
        out.push_back(tag_of(model, text_at(model, "name")));
        for (const Json& alias : model.value("aliases", Json::array())) {
            out.push_back(tag_of(model, alias.get<std::string>()));
        }
    }
    return {{"models", std::move(out)}};
}

Json ollama_show(const Json& model) {
    const std::string parameters = parameters_of(model);
    std::string modelfile = "FROM " + text_at(model, "path") + "\n";
    return {{"modelfile", std::move(modelfile)},      {"parameters", parameters},
            {"template", text_at(model, "template")}, {"details", details_of(model)},
            {"model_info", model_info(model)},        {"capabilities", capabilities_of(model)},
            {"modified_at", modified_at(model)}};
}

Json ollama_ps(const Json& ps, const Json& models, WallTime now) {
    Json out = Json::array();
    for (const Json& worker : ps.at("workers")) {
        if (worker.at("loaded_ms").is_null() || worker.at("kind") == "pull") {
            continue;
        }
        const Json model = served_by(worker, models);
        const std::string known = text_at(worker, "name");
        const std::string name = known.empty() ? text_at(worker, "target") : known;
        out.push_back({{"name", name},
                       {"model", name},
                       {"size", count_in(worker, "reserved_bytes")},
                       {"size_vram", bytes_off_host(worker)},
                       {"digest", digest_of(model)},
                       {"details", details_of(model)},
                       {"context_length", count_in(model, "context")},
                       {"expires_at", rfc3339(expiry_of(worker, now))}});
    }
    return {{"models", std::move(out)}};
}

}  // namespace threadrunner::http
