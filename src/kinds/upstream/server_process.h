#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "base/settings.h"
#include "worker/process.h"

namespace threadrunner {

/// A server that speaks HTTP, as the worker that the supervisor knows: it greets, `load` waits
/// until the server is ready, a `route` becomes a request of its own and its answer the frames that
/// an engine sends. Cancelling closes the connection; without credit nothing is read. A ping is
/// answered once the server has shown that it lives, by its health every settings.upstream_health.
///
/// Frames are the engine's, but for two members: `load` says where the server is (`url`, `key`),
/// and the `body` of `route` is the document itself, for it may have to be said in other words.
///
/// `spawn` starts the server's process, which this one then owns; none: the server is somebody
/// else's and outlives us. Executor, settings and observer outlive the process.
class ServerProcess : public Process {
public:
    using Spawn = std::function<Result<std::unique_ptr<Process>>(Process::Observer&)>;

    [[nodiscard]] static Result<std::unique_ptr<Process>> start(
        const boost::asio::any_io_executor& executor, const Settings& settings, const Spawn& spawn,
        Process::Observer& observer);

    ~ServerProcess() override;

    [[nodiscard]] pid_t pid() const override;
    void send(const wire::Json& frame) override;
    void signal(int number) override;

private:
    class Core;
    explicit ServerProcess(std::shared_ptr<Core> core);

    std::shared_ptr<Core> core_;
};

}  // namespace threadrunner
