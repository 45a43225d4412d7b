#include "daemon/model_desk.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <system_error>
#include <utility>
#include <variant>

#include "base/log.h"
#include "base/settings_edit.h"
#include "daemon/model_document.h"
#include "kinds/model_plan.h"
#include "model/registry_edit.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;
using boost::asio::awaitable;
using wire::Json;

Result<Json> adjust(const Home& home, const models_op::Adjust& op) {
    const model::Registry registry(home);
    auto changed = model::change_defaults(registry, op.model, op.values);
    return changed ? Result<Json>(Json{{"model", op.model}}) : std::unexpected(changed.error());
}

Result<Json> add(const Home& home, const models_op::Add& op) {
    auto name = model::add_in_place(model::Registry(home), op.path, op.name);
    if (!name) {
        return std::unexpected(name.error());
    }
    return Json{{"name", *name}, {"path", op.path.string()}};
}

Result<Json> alias(const Home& home, const models_op::Alias& op) {
    auto added = model::add_alias(model::Registry(home), op.model, op.alias);
    return added ? Result<Json>(Json{{"model", op.model}, {"alias", op.alias}})
                 : std::unexpected(added.error());
}

Result<Json> set_default_model(const Home& home, const std::string& model) {
    const auto found = model::Registry(home).find(model, {});
    if (!found) {
        return std::unexpected(found.error());
    }
    const auto row = setting_row("model");
    auto edited = edit_settings_file(home.config_file(), [&](std::string_view text) {
        return with_setting(text, **row, found->name.empty() ? model : found->name);
    });
    return edited ? Result<Json>(Json{{"path", found->path.string()}})
                  : std::unexpected(edited.error());
}

Json describe(const model::Removal& removal) {
    Json files = Json::array();
    for (const fs::path& file : removal.files) {
        files.push_back(file.string());
    }
    Json out = {{"model", removal.name}, {"deleted", std::move(files)}, {"bytes", removal.bytes}};
    if (removal.what == model::Removal::What::alias) {
        out["alias"] = removal.alias;
    }
    return out;
}

}  // namespace

ModelDesk::ModelDesk(const Home& home, Pool& pool, Configuration& configuration,
                     boost::asio::thread_pool& files, Reload reload)
    : home_(home),
      pool_(pool),
      configuration_(configuration),
      files_(files),
      reload_(std::move(reload)),
      registry_(home) {}

awaitable<Result<Json>> ModelDesk::on_thread(Work work) {
    const auto run = [](Work inner) -> awaitable<Result<Json>> { co_return inner(); };
    co_return co_await boost::asio::co_spawn(files_, run(std::move(work)),
                                             boost::asio::use_awaitable);
}

awaitable<Result<Json>> ModelDesk::answer(ModelsOp op) {
    if (const auto* choice = std::get_if<models_op::Choose>(&op)) {
        co_return co_await choose(*choice);
    }
    if (const auto* removal = std::get_if<models_op::Remove>(&op)) {
        co_return co_await remove(*removal);
    }
    // a copy: a reload may change the settings meanwhile
    Work work = [home = home_, settings = configuration_.in_effect(), op]() -> Result<Json> {
        const model::Registry registry(home);
        if (const auto* list = std::get_if<models_op::List>(&op)) {
            return list->names_only ? model_names_document(registry)
                                    : models_document(registry, settings);
        }
        if (const auto* show = std::get_if<models_op::Show>(&op)) {
            return model_document(registry, settings, show->model);
        }
        if (const auto* added = std::get_if<models_op::Add>(&op)) {
            return add(home, *added);
        }
        if (const auto* aliased = std::get_if<models_op::Alias>(&op)) {
            return alias(home, *aliased);
        }
        return adjust(home, std::get<models_op::Adjust>(op));
    };
    co_return co_await on_thread(std::move(work));
}

awaitable<Result<Json>> ModelDesk::choose(models_op::Choose op) {
    Work work = [home = home_, name = op.model] { return set_default_model(home, name); };
    auto edited = co_await on_thread(std::move(work));
    if (!edited) {
        co_return edited;
    }
    const auto reloaded = co_await reload_();
    if (!reloaded) {
        co_return std::unexpected(reloaded.error());
    }
    const Origin origin = configuration_.origin_of("model");
    Json out = *std::move(edited);
    out["model"] = op.model;
    if (origin.source != Origin::Source::file) {
        out["instead"] = origin.place + " is set and goes before config.toml";
    }
    co_return out;
}

/// A worker has the file open, or will at once.
Result<void> ModelDesk::check_unused(const fs::path& path) const {
    std::error_code error;
    const fs::path file = fs::weakly_canonical(path, error);
    for (const auto& [target, worker] : pool_.workers()) {
        const bool lives = worker->state() != Supervisor::State::stopped;
        if (target.name == file.string() && (lives || pool_.waits(target))) {
            return fail(ErrorCode::conflict, target.label() +
                                                 " is loaded; give it up first: "
                                                 "threadrunner unload");
        }
    }
    return {};
}

awaitable<Result<Json>> ModelDesk::remove(models_op::Remove op) {
    model::Removal removal;
    Work look = [&removal, home = home_, name = op.model]() -> Result<Json> {
        auto plan = model::plan_removal(model::Registry(home), name);
        if (!plan) {
            return std::unexpected(plan.error());
        }
        removal = *std::move(plan);
        return Json();
    };
    auto planned = co_await on_thread(std::move(look));
    if (!planned) {
        co_return planned;
    }
    if (op.dry_run) {
        co_return describe(removal);
    }
    if (!removal.files.empty()) {
        if (auto unused = check_unused(removal.files.front()); !unused) {
            co_return std::unexpected(unused.error());
        }
    }
    Work work = [removal, home = home_]() -> Result<Json> {
        auto done = model::remove(model::Registry(home), removal);
        return done ? Result<Json>(describe(removal)) : std::unexpected(done.error());
    };
    auto removed = co_await on_thread(std::move(work));
    if (removed) {
        log::info("daemon", "model {} removed", op.model);
    }
    co_return removed;
}

bool ModelDesk::has_none() const {
    const auto list = registry_.list();
    return !list || list->empty();
}

std::string ModelDesk::name_in(const JobSpec& spec) const {
    const auto found = registry_.find(spec.model, configuration_.in_effect().model);
    return found ? found->name : std::string();
}

std::string ModelDesk::name_of(const Target& target) const {
    const auto profile = profile_of(target);
    if (!profile || !target.name.starts_with('/')) {
        return {};
    }
    return registry_.name_of(target.name, model::load_text({.load = profile->load}));
}

}  // namespace threadrunner
