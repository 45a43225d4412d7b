#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/paths.h"
#include "base/settings.h"
#include "base/unique_fd.h"
#include "daemon/configuration.h"
#include "daemon/controlling_terminal.h"
#include "daemon/overview.h"
#include "daemon/service_manager.h"
#include "door/http/door.h"
#include "door/http/observer.h"
#include "door/mcp/server.h"
#include "door/socket/listener.h"
#include "job/jobs.h"
#include "tool/rounds/rounds.h"
#include "worker/pool.h"

namespace threadrunner {

/// The middle of everything: makes the parts, starts them, and stops them in the reverse order.
class Daemon {
public:
    struct Options {
        Home home;
        std::filesystem::path socket;
        std::vector<std::string> flags;  ///< settings of the command line, KEY=VALUE
        SettingsReading settings;        ///< as they were read with these flags
        socket_v1::Defaults v1_defaults;
    };

    /// `manager` outlives the daemon.
    Daemon(Options options, ServiceManager& manager);

    /// Opens the doors: at sockets that listen already, else at the home's. After success clients
    /// can connect, as soon as run() is called.
    [[nodiscard]] Result<void> start(std::vector<UniqueFd> listening);

    /// Serves until SIGTERM, SIGINT, SIGHUP (if its terminal went away) or a client's shutdown,
    /// then drains: jobs under way may finish until the setting daemon.drain; a second signal ends
    /// them. Any other SIGHUP reads the settings again.
    void run();

private:
    void begin_stop();
    [[nodiscard]] boost::asio::awaitable<void> close_doors();
    void await_signal();
    void on_signal(int number);
    [[nodiscard]] Result<void> listen(std::unique_ptr<SocketListener> listener, UniqueFd listening);
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> reload();
    [[nodiscard]] boost::asio::awaitable<void> tell_alive(std::chrono::microseconds every);

    Options options_;
    ServiceManager& manager_;
    ControllingTerminal terminal_;
    boost::asio::io_context loop_;
    boost::asio::thread_pool files_{1};  ///< for model headers, settings and large bodies
    Configuration configuration_;
    boost::asio::signal_set signals_;
    Jobs jobs_;
    Pool pool_;
    tool::Rounds rounds_;
    Overview overview_;
    mcp::Server mcp_;
    SocketContext socket_context_;
    http::Observer http_observer_;
    http::Door http_;
    std::vector<std::unique_ptr<SocketListener>> listeners_;
    bool stopping_ = false;
};

}  // namespace threadrunner
