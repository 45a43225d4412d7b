#include "door/http/log_stream.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/log_tail.h"
#include "base/number.h"
#include "base/text.h"
#include "wire/log_sieve.h"

namespace threadrunner::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t lines_max = 10'000;  ///< of the past

struct Wish {
    wire::LogQuery query{.json = true};
    std::size_t lines = limits::log_tail_lines;
};

Result<Wish> wish_of(const Request& request) {
    Wish out;
    if (const std::string lines = request.parameter("lines"); !lines.empty()) {
        const auto count = number_from<std::size_t>(lines);
        if (!count || *count > lines_max) {
            return fail(ErrorCode::invalid_request,
                        "'lines' must be a number from 0 to " + std::to_string(lines_max));
        }
        out.lines = *count;
    }
    if (const std::string level = request.parameter("level"); !level.empty()) {
        out.query.level = log::level_from(level);
        if (!out.query.level) {
            return fail(ErrorCode::invalid_request,
                        "'level' must be trace, debug, info, warn or error");
        }
    }
    if (std::string job = request.parameter("job"); !job.empty()) {
        out.query.job = std::move(job);
    }
    return out;
}

/// The log's file, read away from the event loop: lines that are wanted, as server-sent events.
class Tail {
public:
    Tail(Home home, const Wish& wish)
        : home_(std::move(home)),
          last_(wish.lines),
          sieve_(wish.query),
          // where some of the lines are wanted, all that a tail may have
          follower_(log::newest_log(home_),
                    wish.query.everything() ? wish.lines : std::numeric_limits<std::size_t>::max(),
                    [this] { return home_.log_file_today(); }) {}

    [[nodiscard]] std::string read_new() {
        std::string lines = sieve_.pass(follower_.read_new());
        if (std::exchange(first_, false)) {
            last_.add(lines);
            lines = last_.take();
        }
        std::string out;
        std::string_view rest = lines;
        while (!rest.empty()) {
            out += "data: " + std::string(take_entry(rest, "\n")) + "\n\n";
        }
        return out;
    }

private:
    Home home_;
    wire::LastLines last_;
    wire::LogSieve sieve_;
    log::LogFollower follower_;
    bool first_ = true;
};

/// Runs a function on the thread for files.
template <class Function>
auto on_files(Call& call, Function function) {
    using Value = decltype(function());
    return asio::co_spawn(
        call.context.parsing,
        [](Function work) -> awaitable<Value> { co_return work(); }(std::move(function)),
        asio::use_awaitable);
}

/// Waits a little, but not for a client that leaves.
class Pause {
public:
    explicit Pause(Call& call) : call_(call), timer_(call.context.executor) {
        call.reply.when_gone([this] { timer_.cancel(); });
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause() { call_.reply.when_gone(nullptr); }

    [[nodiscard]] awaitable<void> take() {
        boost::system::error_code ignored;
        timer_.expires_after(limits::log_follow_every);
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

private:
    Call& call_;
    asio::steady_timer timer_;
};

}  // namespace

awaitable<void> follow_log(Call& call) {
    const auto wish = wish_of(call.request);
    if (!wish) {
        co_await call.refuse(wish.error());
        co_return;
    }
    Pause pause(call);
    const auto open = [&] { return std::make_unique<Tail>(call.context.home, *wish); };
    const std::unique_ptr<Tail> tail = co_await on_files(call, open);
    Answer head{.content_type = "text/event-stream"};
    head.headers.emplace_back("cache-control", "no-cache");
    bool reads = co_await call.reply.begin(std::move(head));
    auto silent_since = Clock::now();
    while (reads && !call.reply.gone() && !call.context.bulletin.closed()) {
        const auto read = [&] { return tail->read_new(); };
        std::string events = co_await on_files(call, read);
        const auto now = Clock::now();
        if (events.empty() && now - silent_since >= call.context.settings.http_keep_alive) {
            events = ": nothing new\n\n";
        }
        if (!events.empty()) {
            silent_since = now;
            reads = co_await call.reply.write(events);
        }
        co_await pause.take();
    }
    if (reads && !call.reply.gone()) {
        co_await call.reply.end();
    }
}

}  // namespace threadrunner::http
