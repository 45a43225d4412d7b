#include "daemon/daemon.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <csignal>
#include <string>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "base/log.h"
#include "daemon/job_log.h"
#include "kinds/dummy.h"
#include "kinds/engine.h"
#include "kinds/upstream.h"
#include "worker/child_process.h"

namespace threadrunner {
namespace {

std::vector<std::unique_ptr<Kind>> make_kinds(const boost::asio::any_io_executor& executor,
                                              const Settings& settings, const ModelFolder& models) {
    std::vector<std::unique_ptr<Kind>> kinds;
    kinds.push_back(std::make_unique<EngineKind>(settings, models));
    kinds.push_back(std::make_unique<UpstreamKind>(executor, settings, models));
    kinds.push_back(std::make_unique<DummyKind>());
    return kinds;
}

std::uint64_t budget_bytes(const Settings& settings) {
    return settings.memory_mib > 0 ? settings.memory_mib * limits::mib : Budget::default_bytes();
}

}  // namespace

Daemon::Daemon(Options options)
    : options_(std::move(options)),
      loop_(1),
      signals_(loop_, SIGTERM, SIGINT, SIGHUP),
      jobs_(loop_.get_executor(), options_.settings.queue_jobs),
      pool_(loop_.get_executor(), files_, jobs_, options_.settings, budget_bytes(options_.settings),
            make_kinds(loop_.get_executor(), options_.settings,
                       {options_.home, options_.settings.model}),
            [this](const Command& command, Process::Observer& observer) {
                return spawn_child(loop_, command, observer);
            }),
      overview_(options_.home, options_.socket, jobs_, pool_,
                {options_.home, options_.settings.model}, files_, [this] { begin_stop(); }),
      socket_context_{.jobs = jobs_,
                      .control = overview_,
                      .settings = options_.settings,
                      .parsing = files_,
                      .v1_defaults = options_.v1_defaults} {
    jobs_.set_runner(pool_);
    jobs_.set_end_observer(log_job);
}

Result<void> Daemon::start() {
    std::vector<std::filesystem::path> paths = {options_.socket};
    if (options_.settings.socket_v1_path == "temp") {
        paths.push_back(std::filesystem::temp_directory_path() / "threadrunner.sock");
    } else if (!options_.settings.socket_v1_path.empty()) {
        paths.emplace_back(options_.settings.socket_v1_path);
    }
    for (const auto& path : paths) {
        auto listener =
            std::make_unique<SocketListener>(loop_.get_executor(), path, socket_context_);
        if (auto started = listener->start(); !started) {
            return started;
        }
        log::info("daemon", "listening at {}", path.string());
        listeners_.push_back(std::move(listener));
    }
    await_signal();
    return {};
}

void Daemon::run() {
    loop_.run();
    files_.join();
}

void Daemon::await_signal() {
    signals_.async_wait([this](const boost::system::error_code& cancelled, int number) {
        if (cancelled) {
            return;
        }
        log::info("daemon", "signal {}", number);
        if (stopping_) {
            pool_.kill();
        }
        begin_stop();
        await_signal();
    });
}

/// Stop order: no new clients, no new jobs, workers, connections, the loop.
void Daemon::begin_stop() {
    if (std::exchange(stopping_, true)) {
        return;
    }
    log::info("daemon", "stopping; {} jobs under way", jobs_.live().size());
    for (const auto& listener : listeners_) {
        listener->close();
    }
    pool_.stop(options_.settings.daemon_drain,
               [this] { boost::asio::co_spawn(loop_, close_doors(), boost::asio::detached); });
}

boost::asio::awaitable<void> Daemon::close_doors() {
    for (const auto& listener : listeners_) {
        co_await listener->stop();
    }
    signals_.cancel();
    loop_.stop();
}

}  // namespace threadrunner
