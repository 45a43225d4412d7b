#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/paths.h"
#include "daemon/configuration.h"
#include "daemon/model_desk.h"
#include "daemon/tool_desk.h"
#include "door/control.h"
#include "worker/pool.h"

namespace threadrunner {

/// Answers what doors ask about the daemon, from its parts.
class Overview : public Control {
public:
    using Reload = ModelDesk::Reload;

    /// Which worker serves requests that name none.
    struct Standard {
        std::string backend;
        std::string model;
    };

    /// All references outlive it. `shutdown` begins the daemon's stop, `reload` is the op.
    Overview(const Home& home, std::filesystem::path socket, const Jobs& jobs, Pool& pool,
             Configuration& configuration, boost::asio::thread_pool& files, Standard standard,
             std::function<void()> shutdown, Reload reload);

    /// Adds a member to status().
    void add_status(std::string name, std::function<wire::Json()> section) {
        sections_[std::move(name)] = std::move(section);
    }

    [[nodiscard]] wire::Json status() override;
    [[nodiscard]] Result<void> ready() override;
    [[nodiscard]] wire::Json ps() override;
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> models(ModelsOp op) override {
        return models_.answer(std::move(op));
    }
    [[nodiscard]] std::string model_name(const JobSpec& spec) override;
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> tools(ToolsOp op) override {
        return tools_.answer(std::move(op));
    }
    [[nodiscard]] Result<wire::Json> unload(const std::optional<JobSpec>& spec) override;
    [[nodiscard]] boost::asio::awaitable<wire::Json> config() override {
        return configuration_.describe();
    }
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> reload() override { return reload_(); }
    void shutdown() override { shutdown_(); }

private:
    const Home& home_;
    std::filesystem::path socket_;
    const Jobs& jobs_;
    Pool& pool_;
    Configuration& configuration_;
    Standard standard_;
    std::function<void()> shutdown_;
    Reload reload_;
    ModelDesk models_;
    ToolDesk tools_;
    std::map<std::string, std::function<wire::Json()>> sections_;
    Clock::time_point started_ = Clock::now();
};

}  // namespace threadrunner
