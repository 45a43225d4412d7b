#include "daemon/daemon.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <string>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "base/log.h"
#include "daemon/job_log.h"
#include "kinds/dummy.h"
#include "kinds/engine.h"
#include "kinds/pull.h"
#include "kinds/sandbox.h"
#include "kinds/upstream.h"
#include "worker/child_process.h"

namespace threadrunner {
namespace {

std::vector<std::unique_ptr<Kind>> make_kinds(const boost::asio::any_io_executor& executor,
                                              const Settings& settings, const Home& home) {
    const model::Registry models(home);
    std::vector<std::unique_ptr<Kind>> kinds;
    kinds.push_back(std::make_unique<EngineKind>(settings, models));
    kinds.push_back(std::make_unique<UpstreamKind>(executor, settings, models));
    kinds.push_back(std::make_unique<DummyKind>());
    kinds.push_back(std::make_unique<PullKind>(settings, home));
    kinds.push_back(std::make_unique<SandboxKind>(executor, home));
    return kinds;
}

std::uint64_t budget_bytes(const Settings& settings) {
    return settings.memory_mib > 0 ? settings.memory_mib * limits::mib : Budget::default_bytes();
}

}  // namespace

Daemon::Daemon(Options options, ServiceManager& manager)
    : options_(std::move(options)),
      manager_(manager),
      loop_(1),
      configuration_(options_.home, options_.flags, std::move(options_.settings), files_),
      signals_(loop_, SIGTERM, SIGINT, SIGHUP),
      jobs_(loop_.get_executor(), configuration_.in_effect().queue_jobs),
      pool_(loop_.get_executor(), files_, jobs_, configuration_.in_effect(),
            budget_bytes(configuration_.in_effect()),
            make_kinds(loop_.get_executor(), configuration_.in_effect(), options_.home),
            [this](const Command& command, Process::Observer& observer) {
                return spawn_child(loop_, command, observer);
            }),
      rounds_(loop_.get_executor(), jobs_, pool_),
      overview_(
          options_.home, options_.socket, jobs_, pool_, configuration_, files_,
          {.backend = options_.v1_defaults.backend, .model = options_.v1_defaults.model},
          [this] { begin_stop(); }, [this] { return reload(); }),
      mcp_(loop_.get_executor(), jobs_, overview_),
      socket_context_{.jobs = jobs_,
                      .control = overview_,
                      .mcp = mcp_,
                      .settings = configuration_.in_effect(),
                      .parsing = files_,
                      .v1_defaults = options_.v1_defaults},
      http_({.home = options_.home,
             .executor = loop_.get_executor(),
             .jobs = jobs_,
             .control = overview_,
             .mcp = mcp_,
             .settings = configuration_.in_effect(),
             .parsing = files_,
             .metrics = http_observer_.metrics(),
             .bulletin = http_observer_.bulletin(),
             .standard = {.backend = options_.v1_defaults.backend,
                          .model = options_.v1_defaults.model},
             .backends = pool_.backends()}) {
    overview_.add_status("http", [this] { return http_.status(); });
    configuration_.set_when_unread(
        [this](std::function<void()> then) { pool_.between_plans(std::move(then)); });
    jobs_.set_end_observer([this](const JobReport& report) {
        log_job(report, configuration_.in_effect().log_prompts);
        http_observer_.job_ended(report);
    });
    pool_.set_news_observer(
        [this](const WorkerNews& news) { http_observer_.worker_changed(news); });
}

Result<void> Daemon::start(std::vector<UniqueFd> listening) {
    const auto make_listener = [&](const std::filesystem::path& path) {
        return std::make_unique<SocketListener>(loop_.get_executor(), path, socket_context_);
    };
    const bool inherited = !listening.empty();
    for (UniqueFd& socket : listening) {
        if (auto started = listen(make_listener(""), std::move(socket)); !started) {
            return started;
        }
    }
    std::vector<std::filesystem::path> paths;
    if (!inherited) {
        paths.push_back(options_.socket);
    }
    const std::string& v1_path = configuration_.in_effect().socket_v1_path;
    if (v1_path == "temp") {
        paths.push_back(std::filesystem::temp_directory_path() / "threadrunner.sock");
    } else if (!v1_path.empty()) {
        paths.emplace_back(v1_path);
    }
    for (const auto& path : paths) {
        if (auto started = listen(make_listener(path), UniqueFd()); !started) {
            return started;
        }
    }
    http_.start();
    if (const auto every = manager_.alive_every()) {
        boost::asio::co_spawn(loop_, tell_alive(*every), boost::asio::detached);
    }
    await_signal();
    return {};
}

Result<void> Daemon::listen(std::unique_ptr<SocketListener> listener, UniqueFd listening) {
    auto started = listening ? listener->start(std::move(listening)) : listener->start();
    if (started) {
        log::info("daemon", "listening at {}", listener->path().string());
        listeners_.push_back(std::move(listener));
    }
    return started;
}

void Daemon::run() {
    loop_.run();
    files_.join();
}

void Daemon::await_signal() {
    signals_.async_wait([this](const boost::system::error_code& cancelled, int number) {
        if (!cancelled) {
            on_signal(number);
            await_signal();
        }
    });
}

void Daemon::on_signal(int number) {
    log::info("daemon", "signal {}", number);
    if (number == SIGHUP && !terminal_.gone()) {
        boost::asio::co_spawn(
            loop_, [this]() -> boost::asio::awaitable<void> { co_await reload(); },
            boost::asio::detached);
        return;
    }
    if (stopping_) {
        pool_.kill();
    }
    begin_stop();
}

boost::asio::awaitable<Result<wire::Json>> Daemon::reload() {
    manager_.reloading();
    Result<wire::Json> report = co_await configuration_.reload();
    if (stopping_) {
        manager_.stopping();
    } else {
        manager_.ready();
    }
    co_return report;
}

/// On the loop, so that it falls silent when the loop hangs.
boost::asio::awaitable<void> Daemon::tell_alive(std::chrono::microseconds every) {
    boost::asio::steady_timer timer(loop_);
    for (;;) {
        manager_.alive();
        timer.expires_after(every);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

/// Stop order: no new clients, no new jobs, workers, connections, the loop.
void Daemon::begin_stop() {
    if (std::exchange(stopping_, true)) {
        return;
    }
    manager_.stopping();
    log::info("daemon", "stopping; {} jobs under way", jobs_.live().size());
    for (const auto& listener : listeners_) {
        listener->close();
    }
    http_.close();
    pool_.stop(configuration_.in_effect().daemon_drain,
               [this] { boost::asio::co_spawn(loop_, close_doors(), boost::asio::detached); });
}

boost::asio::awaitable<void> Daemon::close_doors() {
    for (const auto& listener : listeners_) {
        co_await listener->stop();
    }
    co_await http_.stop();
    signals_.cancel();
    loop_.stop();
}

}  // namespace threadrunner
