#include "engine/route_job.h"

#include "base/text.h"

namespace threadrunner::engine {
namespace {

using wire::Json;

/// Room for what stands beside the data in a frame.
constexpr std::size_t data_bytes_max = limits::worker_frame_bytes_max - limits::kib;

Json usage_json(const event::Usage& usage) {
    return {{"prompt", usage.prompt}, {"cached", usage.cached}, {"completion", usage.completion}};
}

}  // namespace

void send_error(FrameWriter& writer, std::int64_t id, const Error& error) {
    writer.send({{"ev", "error"},
                 {"id", id},
                 {"code", traits(error.code).name},
                 {"message", utf8_repair(error.message)}});
}

void RouteJob::cancel() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    credit_came_.notify_all();
}

void RouteJob::add_credit(std::int64_t events) {
    const std::lock_guard lock(mutex_);
    credit_ += events;
    credit_came_.notify_all();
}

/// Waits for credit; false when the job is stopped instead.
bool RouteJob::take_credit() {
    std::unique_lock lock(mutex_);
    credit_came_.wait(lock, [this] { return credit_ > 0 || stopped_; });
    if (stopped_) {
        return false;
    }
    --credit_;
    return true;
}

void RouteJob::head(int status, std::string_view content_type) {
    writer_.send({{"ev", "head"}, {"id", id_}, {"status", status}, {"content_type", content_type}});
}

void RouteJob::body(std::string data) {
    if (data.size() > data_bytes_max) {
        failure_ =
            Error{.code = ErrorCode::too_large,
                  .message = "the answer has " + format_bytes(data.size()) + "; the limit is " +
                             format_bytes(data_bytes_max) + ": ask for less at once"};
        cancel();
        return;
    }
    if (utf8_valid_prefix(data) != data.size()) {
        data = utf8_repair(data);
    }
    if (take_credit()) {
        writer_.send({{"ev", "body"}, {"id", id_}, {"data", std::move(data)}});
    }
}

void RouteJob::finish(const Result<RouteEnd>& end) {
    if (failure_ || !end) {
        send_error(writer_, id_, failure_ ? *failure_ : end.error());
        return;
    }
    Json done = {{"ev", "done"}, {"id", id_}};
    if (end->usage) {
        done["usage"] = usage_json(*end->usage);
    }
    if (!end->timings.is_null()) {
        done["timings"] = end->timings;
    }
    if (end->cancelled) {
        done["reason"] = wire::reason_name(event::Reason::cancelled);
    }
    writer_.send(done);
}

}  // namespace threadrunner::engine
