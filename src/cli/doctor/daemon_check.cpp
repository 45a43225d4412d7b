#include "cli/doctor/daemon_check.h"

#include <poll.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "cli/connection.h"
#include "cli/daemon_address.h"
#include "cli/result.h"

namespace threadrunner::cli {
namespace {

constexpr const char* group = "daemon";

/// The result of `status`.
Result<wire::Json> ask_status(UniqueFd socket, Clock::time_point deadline) {
    Connection connection(std::move(socket));
    if (auto sent = connection.send({{"v", 2}, {"id", 1}, {"op", "status"}}, deadline); !sent) {
        return std::unexpected(sent.error());
    }
    for (;;) {
        auto message = connection.next();
        if (!message) {
            return std::unexpected(message.error());
        }
        if (*message) {
            Event& event = (*message)->event;
            if (auto* done = std::get_if<event::Done>(&event)) {
                return std::move(done->result);
            }
            if (auto* error = std::get_if<Error>(&event)) {
                return std::unexpected(std::move(*error));
            }
            continue;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            return fail(ErrorCode::timeout, "it accepts connections and does not answer");
        }
        pollfd ready{.fd = connection.fd(), .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1000))) > 0) {
            connection.receive();
        }
    }
}

}  // namespace

DaemonFacts look_at_daemon(const std::filesystem::path& socket, Clock::time_point deadline) {
    DaemonFacts facts;
    auto connected = connect_running(socket, deadline);
    if (!connected) {
        const bool busy = connected.error().code == ErrorCode::timeout;
        facts.state = busy ? DaemonFacts::State::silent : DaemonFacts::State::refused;
        facts.fault = connected.error().message;
        return facts;
    }
    if (!*connected) {
        return facts;
    }
    auto status = ask_status(*std::move(connected), deadline);
    facts.state = status ? DaemonFacts::State::answers : DaemonFacts::State::silent;
    if (status) {
        facts.status = *std::move(status);
    } else {
        facts.fault = status.error().message;
    }
    return facts;
}

Findings judge_daemon(const DaemonFacts& facts) {
    switch (facts.state) {
        case DaemonFacts::State::absent:
            return {{Health::note, group, "none is running",
                     "the next command that needs one starts it"}};
        case DaemonFacts::State::refused:
            return {{Health::problem, group, facts.fault,
                     "give this user the right to the socket, or choose another with --socket"}};
        case DaemonFacts::State::silent:
            return {{Health::problem, group, "one is running, but " + facts.fault,
                     "threadrunner logs may say why; end it with SIGTERM, its process is in "
                     "run/daemon.lock"}};
        case DaemonFacts::State::answers:
            break;
    }
    const wire::Json& jobs = object_in(facts.status, "jobs");
    return {{Health::ok,
             group,
             "running for " + duration_in(facts.status, "uptime_ms") + ", process " +
                 text_in(facts.status, "pid") + ", " + text_in(jobs, "running") +
                 " jobs running, " + text_in(jobs, "waiting") + " waiting, " +
                 text_in(facts.status, "workers") + " workers",
             {}}};
}

}  // namespace threadrunner::cli
