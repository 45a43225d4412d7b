#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/paths.h"
#include "base/settings.h"
#include "daemon/overview.h"
#include "door/socket/listener.h"
#include "job/jobs.h"
#include "worker/pool.h"

namespace threadrunner {

/// The middle of everything: makes the parts, starts them, and stops them in the reverse order.
class Daemon {
public:
    struct Options {
        Home home;
        std::filesystem::path socket;
        Settings settings;
        socket_v1::Defaults v1_defaults;
    };

    explicit Daemon(Options options);

    /// Opens the doors. After success clients can connect, as soon as run() is called.
    [[nodiscard]] Result<void> start();

    /// Serves until SIGTERM, SIGINT, SIGHUP (its terminal went away) or a client's shutdown, then
    /// drains: jobs under way may finish until the setting daemon.drain; a second signal ends them.
    void run();

private:
    void begin_stop();
    [[nodiscard]] boost::asio::awaitable<void> close_doors();
    void await_signal();

    Options options_;
    boost::asio::io_context loop_;
    boost::asio::thread_pool files_{1};  ///< for model headers and large bodies
    boost::asio::signal_set signals_;
    Jobs jobs_;
    Pool pool_;
    Overview overview_;
    SocketContext socket_context_;
    std::vector<std::unique_ptr<SocketListener>> listeners_;
    bool stopping_ = false;
};

}  // namespace threadrunner
