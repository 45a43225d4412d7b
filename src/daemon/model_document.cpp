#include "daemon/model_document.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "base/limits.h"
#include "gguf/model_file.h"
#include "kinds/model_plan.h"

namespace threadrunner {
namespace {

using wire::Json;

/// A default as JSON: numbers as numbers, lists as lists.
Json value_of(const model::DefaultRow& row, const model::DefaultRow::Values& values) {
    if (row.type == model::DefaultRow::Type::list) {
        return values;
    }
    if (row.type == model::DefaultRow::Type::number) {
        return wire::decode_json(values.at(0)).value_or(Json(values.at(0)));
    }
    return values.at(0);
}

Json defaults_of(const model::Defaults& defaults) {
    Json out = Json::object();
    for (const model::DefaultRow& row : model::default_table()) {
        if (const auto values = row.get(defaults); !values.empty()) {
            out[row.key] = value_of(row, values);
        }
    }
    return out;
}

/// What its header says and what loading it will take, or the fault.
void describe_file(Json& out, const gguf::ModelFile& file, const model::Defaults& defaults,
                   const Settings& settings) {
    const gguf::ModelFacts& facts = file.facts;
    out["bytes"] = file.bytes;
    out["quantization"] = facts.quantization;
    out["context"] = facts.context_length;
    out["architecture"] = facts.architecture;
    out["parameters"] = facts.parameters;
    out["capabilities"] = gguf::capabilities(facts);
    const auto plan = plan_file(facts, {.embeds = !facts.causal, .load = defaults.load}, settings,
                                limits::cpu_batch_tokens);
    if (plan) {
        out["memory_bytes"] = total_bytes(plan->memory);
    } else {
        out["error"] = plan.error().message;
    }
}

/// Whether a model of the registry is the default one.
class DefaultModel {
public:
    DefaultModel(const model::Registry& registry, const Settings& settings)
        : found_(registry.find({}, settings.model)) {}

    [[nodiscard]] bool is(const model::Model& model) const {
        return found_ && found_->name == model.name;
    }
    void tell(Json& out) const {
        if (found_) {
            out["default"] = found_->path.string();
        }
    }

private:
    Result<model::Registry::Found> found_;
};

Json describe(const model::Model& model) {
    Json out = {{"name", model.name},
                {"path", model.path.string()},
                {"aliases", model.aliases},
                {"in_place", !model.in_folder},
                {"defaults", defaults_of(model.defaults)}};
    std::error_code error;
    const auto modified = std::filesystem::last_write_time(model.path, error);
    if (!error) {
        const auto since = std::chrono::file_clock::to_sys(modified).time_since_epoch();
        out["modified"] = std::chrono::duration_cast<std::chrono::seconds>(since).count();
    }
    return out;
}

}  // namespace

Result<Json> models_document(const model::Registry& registry, const Settings& settings) {
    const DefaultModel chosen(registry, settings);
    const auto list = registry.list();
    if (!list) {
        return std::unexpected(list.error());
    }
    Json models = Json::array();
    for (const model::Model& model : *list) {
        Json out = describe(model);
        out["default"] = chosen.is(model);
        if (const auto file = gguf::check_model_file(model.path)) {
            describe_file(out, *file, model.defaults, settings);
        } else {
            out["error"] = file.error().message;
        }
        models.push_back(std::move(out));
    }
    Json out = {{"models", std::move(models)}};
    chosen.tell(out);
    return out;
}

Result<Json> model_names_document(const model::Registry& registry) {
    const auto list = registry.list();
    if (!list) {
        return std::unexpected(list.error());
    }
    Json models = Json::array();
    for (const model::Model& model : *list) {
        models.push_back({{"name", model.name}, {"aliases", model.aliases}});
    }
    return Json{{"models", std::move(models)}};
}

Result<Json> model_document(const model::Registry& registry, const Settings& settings,
                            const std::string& name) {
    const auto found = registry.find(name, settings.model);
    if (!found) {
        return std::unexpected(found.error());
    }
    const auto file = gguf::check_model_file(found->path);
    if (!file) {
        return std::unexpected(file.error());
    }
    const auto known = registry.named(found->name);
    const bool is_known = known && *known != nullptr && !found->name.empty();
    Json out = describe(is_known ? **known : model::Model{.path = found->path});
    out["default"] = is_known && DefaultModel(registry, settings).is(**known);
    describe_file(out, *file, found->defaults, settings);
    out["title"] = file->facts.name;
    out["layers"] = file->facts.block_count;
    out["embedding"] = file->facts.embedding_length;
    out["template"] = file->facts.chat_template;
    Json parts = Json::array();
    for (const auto& part : file->parts) {
        parts.push_back(part.string());
    }
    out["files"] = std::move(parts);
    return out;
}

}  // namespace threadrunner
