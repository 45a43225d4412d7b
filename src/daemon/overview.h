#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>

#include "base/paths.h"
#include "base/settings.h"
#include "door/control.h"
#include "kinds/model_folder.h"
#include "worker/pool.h"

namespace threadrunner {

/// Answers what doors ask about the daemon, from its parts.
class Overview : public Control {
public:
    /// All references outlive it. `shutdown` begins the daemon's stop.
    Overview(const Home& home, std::filesystem::path socket, const Jobs& jobs, Pool& pool,
             ModelFolder models, boost::asio::thread_pool& files, std::function<void()> shutdown);

    [[nodiscard]] wire::Json status() override;
    [[nodiscard]] wire::Json ps() override;
    [[nodiscard]] boost::asio::awaitable<wire::Json> models() override;
    [[nodiscard]] Result<wire::Json> unload(const std::optional<JobSpec>& spec) override;
    void shutdown() override { shutdown_(); }

private:
    const Home& home_;
    std::filesystem::path socket_;
    const Jobs& jobs_;
    Pool& pool_;
    ModelFolder models_;
    boost::asio::thread_pool& files_;
    std::function<void()> shutdown_;
    Clock::time_point started_ = Clock::now();
};

}  // namespace threadrunner
