#include "engine/worker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/version.h"

namespace threadrunner::engine {
namespace {

using std::chrono::milliseconds;

constexpr std::int32_t int32_max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t day_ms = 86'400'000;

/// The most that llama.cpp takes (LLAMA_MAX_SEQ).
constexpr std::int64_t slots_max = 256;
constexpr std::int64_t threads_max = 512;

std::int32_t read_int32(wire::Fields& fields, std::string_view name, std::int64_t min,
                        std::int64_t max) {
    return static_cast<std::int32_t>(fields.required(fields.integer(name, min, max), name));
}

std::vector<Adapter> read_adapters(wire::Fields& fields) {
    constexpr double scale_max = 1e9;
    std::vector<Adapter> out;
    for (const wire::Json& given : fields.array("adapters")) {
        wire::Fields adapter(given, "an adapter");
        out.push_back({.path = adapter.required(adapter.text("path"), "path"),
                       .scale = static_cast<float>(
                           adapter.number("scale", -scale_max, scale_max).value_or(1))});
        if (auto checked = adapter.check(); !checked) {
            fields.refuse(checked.error().message);
        }
    }
    return out;
}

LoadSettings read_settings(wire::Fields& fields) {
    LoadSettings settings;
    settings.path = fields.required(fields.text("path"), "path");
    settings.slots = read_int32(fields, "slots", 1, slots_max);
    settings.context = read_int32(fields, "context", 1, int32_max / std::max(settings.slots, 1));
    settings.threads = read_int32(fields, "threads", 1, threads_max);
    settings.gpu_layers = read_int32(fields, "gpu_layers", -1, int32_max);
    settings.cache_ram_mib = read_int32(fields, "cache_ram_mib", 0, int32_max);
    settings.embed = fields.flag("embed").value_or(false);
    settings.chat_template = fields.text("chat_template");
    settings.adapters = read_adapters(fields);
    settings.draft = fields.text("draft").value_or("");
    settings.engine_args = fields.texts("engine_args");
    return settings;
}

Route read_route(wire::Fields& fields) {
    Route route;
    route.method = fields.required(fields.text("method"), "method");
    route.path = fields.required(fields.text("path"), "path");
    route.body = fields.text("body").value_or("");
    if (const auto slot = fields.integer("slot", -1, slots_max)) {
        route.slot = static_cast<std::int32_t>(*slot);
    }
    route.answers = fields.integer("answers", 1, slots_max).value_or(1);
    return route;
}

Error closing() {
    return {.code = ErrorCode::unreachable,
            .message = "this engine is shutting down; send it again"};
}

}  // namespace

Worker::Worker(int fd, std::function<void()> on_idle)
    : writer_(fd), model_(writer_, jobs_, steps_, std::move(on_idle)) {}

void Worker::hello() {
    writer_.send({{"ev", "hello"},
                  {"v", 1},
                  {"kind", "engine"},
                  {"version", version},
                  {"pid", ::getpid()},
                  {"slots", 0},
                  {"caps", {"load", "route", "tune"}}});
}

const Worker::Op* Worker::find_op(std::string_view name) {
    static constexpr std::array ops = {
        Op{"ping", false, &Worker::ping},         Op{"load", true, &Worker::load},
        Op{"route", true, &Worker::route},        Op{"cancel", true, &Worker::cancel},
        Op{"credit", true, &Worker::credit},      Op{"tune", true, &Worker::tune},
        Op{"shutdown", false, &Worker::shutdown},
    };
    const auto found = std::ranges::find(ops, name, &Op::name);
    return found == ops.end() ? nullptr : &*found;
}

Result<void> Worker::receive(std::string_view payload) {
    const auto frame = wire::decode_msgpack(payload);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    Fields fields(*frame, "the frame");
    const std::string name = fields.required(fields.text("op"), "op");
    const Op* op = find_op(name);
    if (op == nullptr) {
        fields.refuse("unknown op '" + name + "'");
        return fields.check();
    }
    const std::int64_t id = op->has_id ? fields.required(fields.integer("id", 0), "id") : 0;
    if (auto read = fields.check(); !read) {
        return read;
    }
    (this->*op->take)(id, fields);
    return fields.check();
}

void Worker::ping(std::int64_t /*id*/, Fields& fields) {
    wire::Json pong = {{"ev", "pong"}, {"t", fields.value("t")}, {"progress", steps_.load()}};
    if (const auto use = model_.context_use()) {
        pong["context_used"] = use->used;
        pong["context_total"] = use->total;
    }
    writer_.send(pong);
}

void Worker::load(std::int64_t id, Fields& fields) {
    LoadSettings settings = read_settings(fields);
    if (!fields.check()) {
        return;
    }
    const auto started =
        deadline_ ? Result<void>(std::unexpected(closing())) : model_.load(id, std::move(settings));
    if (!started) {
        send_error(writer_, id, started.error());
    }
}

void Worker::route(std::int64_t id, Fields& fields) {
    Route route = read_route(fields);
    if (!fields.check()) {
        return;
    }
    if (deadline_) {
        send_error(writer_, id, closing());
    } else if (!model_.ready()) {
        send_error(writer_, id,
                   {.code = ErrorCode::conflict, .message = "this engine has no model loaded"});
    } else if (!jobs_.add(std::make_unique<RouteJob>(id, std::move(route), writer_))) {
        fields.refuse("job " + std::to_string(id) + " is under way already");
    }
}

void Worker::cancel(std::int64_t id, Fields& /*fields*/) {
    model_.cancel_load(id);
    jobs_.with(id, [](RouteJob& job) { job.cancel(); });
}

void Worker::tune(std::int64_t id, Fields& fields) {
    const std::int32_t threads = read_int32(fields, "threads", 1, threads_max);
    if (!fields.check()) {
        return;
    }
    if (auto tuned = model_.tune(threads); !tuned) {
        send_error(writer_, id, tuned.error());
    } else {
        writer_.send({{"ev", "done"}, {"id", id}});
    }
}

void Worker::credit(std::int64_t id, Fields& fields) {
    const auto events = fields.required(fields.integer("n", 0, limits::request_id_max), "n");
    jobs_.with(id, [events](RouteJob& job) { job.add_credit(events); });
}

void Worker::shutdown(std::int64_t /*id*/, Fields& fields) {
    shut_down(Clock::now() + milliseconds(fields.integer("deadline_ms", 0, day_ms).value_or(0)));
}

void Worker::shut_down(Clock::time_point deadline) {
    deadline_ = deadline_ ? std::min(*deadline_, deadline) : deadline;
    model_.cancel_load();
}

bool Worker::done() const {
    return deadline_ && (given_up_ || (jobs_.empty() && !model_.loading()));
}

void Worker::enforce_deadline(Clock::time_point now) {
    if (!deadline_ || now < *deadline_) {
        return;
    }
    given_up_ = cancelled_all_;
    cancelled_all_ = true;
    jobs_.cancel_all();
    deadline_ = now + limits::engine_cancel_within;
}

}  // namespace threadrunner::engine
