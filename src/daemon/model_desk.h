#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <string>

#include "base/paths.h"
#include "daemon/configuration.h"
#include "door/models_op.h"
#include "model/registry.h"
#include "worker/pool.h"

namespace threadrunner {

/// Answers what doors ask about the models by name, and makes their changes, on the thread for
/// files. On the event loop.
class ModelDesk {
public:
    using Reload = std::function<boost::asio::awaitable<Result<wire::Json>>()>;

    /// All references outlive it. `reload` is the op.
    ModelDesk(const Home& home, Pool& pool, Configuration& configuration,
              boost::asio::thread_pool& files, Reload reload);

    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> answer(ModelsOp op);

    /// Whether there are no models at all.
    [[nodiscard]] bool has_none() const;

    /// The name of the model that such a job asks for, or the default's; empty where it has none.
    [[nodiscard]] std::string name_in(const JobSpec& spec) const;

    /// The name of the model that a worker serves; empty where it has none.
    [[nodiscard]] std::string name_of(const Target& target) const;

private:
    using Work = std::function<Result<wire::Json>()>;

    /// Answers on the thread for files.
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> on_thread(Work work);
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> choose(models_op::Choose op);
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> remove(models_op::Remove op);
    [[nodiscard]] Result<void> check_unused(const std::filesystem::path& path) const;

    const Home& home_;
    Pool& pool_;
    Configuration& configuration_;
    boost::asio::thread_pool& files_;
    Reload reload_;
    model::Registry registry_;  ///< for name_of()
};

}  // namespace threadrunner
