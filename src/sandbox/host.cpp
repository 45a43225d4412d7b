#include "sandbox/host.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "base/version.h"
#include "sandbox/log_line.h"

namespace threadrunner::sandbox {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using wire::Json;

constexpr std::int64_t day_ms = 86'400'000;

void keep_earlier(std::optional<Host::Clock::time_point>& earliest,
                  std::optional<Host::Clock::time_point> other) {
    if (other && (!earliest || *other < *earliest)) {
        earliest = other;
    }
}

}  // namespace

Host::Host(int control, UniqueFd signals, UniqueFd bell)
    : control_(control), signals_(std::move(signals)), bell_(std::move(bell)) {}

int Host::run() {
    hello();
    while (!status_) {
        wait();
        look_at_clock(Clock::now());
    }
    return *status_;
}

void Host::hello() {
    control_.send({{"ev", "hello"},
                   {"v", 1},
                   {"kind", "sandbox"},
                   {"version", version},
                   {"pid", ::getpid()},
                   {"slots", 0},
                   {"caps", {"load", "arm"}}});
}

// Waiting

void Host::wait() {
    std::array<pollfd, 4> polled = {{{control_.fd(), POLLIN, 0},
                                     {signals_.get(), POLLIN, 0},
                                     {bell_.get(), POLLIN, 0},
                                     {loading_ ? loading_->fd() : -1, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), patience_ms());
    const auto has_come = [&](std::size_t which) { return polled.at(which).revents != 0; };
    if (signalfd_siginfo signal{};
        has_come(1) && ::read(signals_.get(), &signal, sizeof signal) > 0) {
        shut_down(Clock::now() + limits::kill_after_sigterm);
    }
    if (has_come(3)) {
        finish_compiling();
    }
    if (eventfd_t rung = 0; has_come(2)) {
        ::eventfd_read(bell_.get(), &rung);
        hear_guest();
    }
    if (has_come(0)) {
        take_frames();
    }
}

int Host::patience_ms() const {
    std::optional<Clock::time_point> wake = shut_down_by_;
    keep_earlier(wake, loading_ ? loading_->give_up_at() : std::nullopt);
    if (interrupted_) {
        keep_earlier(wake, *interrupted_ + limits::sandbox_leave_within);
    } else {
        keep_earlier(wake, deadline_.at());
    }
    if (!wake) {
        return -1;
    }
    const auto left = std::chrono::ceil<milliseconds>(*wake - Clock::now());
    return static_cast<int>(std::clamp(left, 0ms, 60'000ms).count());
}

void Host::look_at_clock(Clock::time_point now) {
    if (shut_down_by_ && now >= *shut_down_by_) {
        status_ = EXIT_SUCCESS;
        return;
    }
    if (const auto enough = loading_ ? loading_->give_up_at() : std::nullopt;
        enough && now >= *enough) {
        refuse_load({.code = ErrorCode::timeout,
                     .message = "compiling it takes longer than " +
                                format_duration(limits::sandbox_compile_within)});
        return;
    }
    if (!deadline_.passed(now)) {
        return;
    }
    if (!interrupted_) {
        interrupted_ = now;
        guest_->interrupt();  // the module asks the deadline at its next step
    } else if (now >= *interrupted_ + limits::sandbox_leave_within) {
        end_by({.code = ErrorCode::timeout,
                .message = "its deadline has passed, in a call that does not come back"});
    }
}

// Frames

void Host::take_frames() {
    if (!control_.read()) {
        status_ = EXIT_SUCCESS;  // the daemon is gone
        return;
    }
    while (!status_) {
        const auto frame = control_.next();
        if (frame && !*frame) {
            return;
        }
        const auto taken = frame ? take(**frame) : Result<void>(std::unexpected(frame.error()));
        if (!taken) {
            write_log_line("error", taken.error().message);
            status_ = EXIT_FAILURE;
        }
    }
}

const Host::Op* Host::find_op(std::string_view name) {
    static constexpr std::array ops = {
        Op{"ping", &Host::ping},
        Op{"load", &Host::load},
        Op{"arm", &Host::arm},
        Op{"shutdown", &Host::shutdown},
        // they are about jobs, which the daemon keeps to itself
        Op{"cancel", &Host::ignore},
        Op{"credit", &Host::ignore},
    };
    const auto found = std::ranges::find(ops, name, &Op::name);
    return found == ops.end() ? nullptr : &*found;
}

Result<void> Host::take(const Json& frame) {
    Fields fields(frame, "the frame");
    const std::string name = fields.required(fields.text("op"), "op");
    const Op* const op = find_op(name);
    if (op == nullptr) {
        fields.refuse("unknown op '" + name + "'");
    } else {
        (this->*op->take)(fields, frame);
    }
    return fields.check();
}

void Host::ping(Fields& fields, const Json& /*frame*/) {
    // while a deadline runs it is what says how long the module may go on
    progress_ += deadline_.at() ? 1 : 0;
    control_.send({{"ev", "pong"}, {"t", fields.value("t")}, {"progress", progress_}});
}

void Host::arm(Fields& fields, const Json& /*frame*/) {
    const auto given = fields.required(fields.integer("deadline_ms", 0, day_ms), "deadline_ms");
    if (load_id_ || !fields.check()) {
        return;  // until it has started the deadline is our own
    }
    ++progress_;
    interrupted_.reset();
    if (given > 0) {
        deadline_.set(Clock::now() + milliseconds(given));
        return;
    }
    deadline_.clear();
    if (shut_down_by_) {
        status_ = EXIT_SUCCESS;
    }
}

void Host::shutdown(Fields& fields, const Json& /*frame*/) {
    shut_down(Clock::now() + milliseconds(fields.integer("deadline_ms", 0, day_ms).value_or(0)));
}

void Host::shut_down(Clock::time_point deadline) {
    shut_down_by_ = shut_down_by_ ? std::min(*shut_down_by_, deadline) : deadline;
    if (!deadline_.at()) {
        status_ = EXIT_SUCCESS;  // the module has nothing to finish
    }
}

void Host::ignore(Fields& /*fields*/, const Json& /*frame*/) {}

// The load

void Host::load(Fields& fields, const Json& frame) {
    const auto id = fields.required(fields.integer("id", 0), "id");
    if (!fields.check()) {
        return;
    }
    if (loaded_) {
        send_error(id, {.code = ErrorCode::conflict,
                        .message = "this process had its load already; start another"});
        return;
    }
    loaded_ = true;
    load_id_ = id;
    auto loading = Loading::begin(frame);
    if (!loading) {
        refuse_load(loading.error());
        return;
    }
    loading_.emplace(*std::move(loading));
    if (loading_->ready()) {
        start_guest();
    }
}

void Host::finish_compiling() {
    if (auto finished = loading_->finish_compiling(); !finished) {
        refuse_load(finished.error());
        return;
    }
    start_guest();
}

void Host::start_guest() {
    auto guest = loading_->make_guest(deadline_);
    if (!guest) {
        refuse_load(guest.error());
        return;
    }
    deadline_.set(Clock::now() + limits::sandbox_start_within);
    guest_ = std::make_unique<GuestThread>(*std::move(guest), bell_.get());
}

void Host::hear_guest() {
    const GuestThread::News news = guest_->take_news();
    if (news.started && !*news.started) {
        refuse_load(news.started->error());
        return;
    }
    if (news.started) {
        deadline_.clear();
        interrupted_.reset();
        control_.send({{"ev", "done"},
                       {"id", *load_id_},
                       {"slots", limits::sandbox_slots},
                       {"meta", {{"cached", loading_->cached()}}}});
        load_id_.reset();
        loading_.reset();
    }
    if (news.ended) {
        end_by(*news.ended);
    }
}

void Host::refuse_load(const Error& error) {
    deadline_.clear();
    loading_.reset();
    send_error(*load_id_, error);
    load_id_.reset();
}

void Host::send_error(std::int64_t id, const Error& error) {
    control_.send({{"ev", "error"},
                   {"id", id},
                   {"code", traits(error.code).name},
                   {"message", error.message}});
}

void Host::end_by(const Error& error) {
    write_log_line("error", error.message);
    if (load_id_) {
        send_error(*load_id_, error);
    } else {
        control_.send(
            {{"ev", "trap"}, {"code", traits(error.code).name}, {"message", error.message}});
    }
    status_ = static_cast<int>(traits(error.code).exit_code);
}

}  // namespace threadrunner::sandbox
