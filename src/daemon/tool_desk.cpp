#include "daemon/tool_desk.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <variant>

#include "base/log.h"
#include "kinds/sandbox.h"
#include "tool/installation.h"
#include "tool/registry.h"

namespace threadrunner {
namespace {

using boost::asio::awaitable;
using wire::Json;

Json describe(const tool::Tool& tool) {
    const tool::Manifest& manifest = tool.manifest;
    Json preopens = Json::array();
    for (const Grant& grant : manifest.preopens) {
        preopens.push_back(
            {{"guest", grant.guest}, {"host", grant.host}, {"mode", grant.writable ? "rw" : "ro"}});
    }
    return {{"name", manifest.name},
            {"folder", tool.folder.string()},
            {"module", manifest.module.string()},
            {"shipped", tool.shipped},
            {"preopens", std::move(preopens)},
            {"memory_mib", manifest.memory_mib},
            {"deadline_ms", manifest.deadline.count()},
            {"idle_ms", manifest.idle.count()},
            {"instances", manifest.instances}};
}

Json list(const tool::Registry& registry) {
    Json tools = Json::array();
    for (const tool::Registry::Entry& entry : registry.list()) {
        tools.push_back(entry.tool
                            ? describe(*entry.tool)
                            : Json{{"name", entry.name}, {"error", entry.tool.error().message}});
    }
    return {{"tools", std::move(tools)}};
}

/// On the thread for files.
Result<Json> carry_out(const Home& home, const ToolsOp& op) {
    const tool::Registry registry(home);
    if (const auto* wanted = std::get_if<tools_op::Install>(&op)) {
        const auto installed = tool::install(registry, wanted->folder);
        if (!installed) {
            return std::unexpected(installed.error());
        }
        log::info("daemon", "tool {} installed from {}", installed->manifest.name,
                  wanted->folder.string());
        return describe(*installed);
    }
    if (const auto* unwanted = std::get_if<tools_op::Remove>(&op)) {
        const auto removed = tool::remove(registry, unwanted->tool);
        if (!removed) {
            return std::unexpected(removed.error());
        }
        log::info("daemon", "tool {} removed", unwanted->tool);
        return Json{{"tool", unwanted->tool}};
    }
    return list(registry);
}

}  // namespace

awaitable<Result<Json>> ToolDesk::answer(ToolsOp op) {
    if (const auto* unwanted = std::get_if<tools_op::Remove>(&op)) {
        if (auto given_up = give_up_workers(unwanted->tool); !given_up) {
            co_return std::unexpected(given_up.error());
        }
    }
    const auto run = [](const Home& home, ToolsOp inner) -> awaitable<Result<Json>> {
        co_return carry_out(home, inner);
    };
    co_return co_await boost::asio::co_spawn(files_, run(home_, std::move(op)),
                                             boost::asio::use_awaitable);
}

/// Whoever installs another tool of that name must not be answered by the old one.
Result<void> ToolDesk::give_up_workers(const std::string& tool) {
    for (const auto& [target, worker] : pool_.workers()) {
        const bool is_of_it = target.kind == "sandbox" && target.name == tool;
        const bool is_idle = worker->idle() || worker->state() == Supervisor::State::stopped ||
                             worker->state() == Supervisor::State::draining;
        if (is_of_it && (!is_idle || pool_.waits(target))) {
            return fail(ErrorCode::conflict,
                        "the tool '" + tool + "' is at work; remove it when its calls are over");
        }
    }
    // one that does not run is as good
    static_cast<void>(pool_.unload({.backend = std::string(SandboxKind::backend_name),
                                    .model = tool,
                                    .work = work::Load{},
                                    .owner = {}}));
    return {};
}

}  // namespace threadrunner
