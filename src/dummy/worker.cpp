#include "dummy/worker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/version.h"
#include "dummy/documents.h"
#include "dummy/generation.h"
#include "dummy/load.h"

namespace threadrunner::dummy {
namespace {

using std::chrono::milliseconds;
using wire::Json;

/// Events a task may send before the next one has its turn.
constexpr std::size_t events_a_turn = 32;

/// A route that generates nothing.
struct DocumentRoute {
    std::string_view path;
    Result<Json> (*answer)(const Json& body);
};

/// A route that generates.
struct GenerationRoute {
    std::string_view path;
    Result<Request> (*decode)(const Json& body);
    const Shapes& (*shapes)();
};

const GenerationRoute* find_generation_route(std::string_view path) {
    static constexpr std::array routes = {
        GenerationRoute{"/completion", &decode_completion, &completion_shapes},
        GenerationRoute{"/v1/completions", &decode_completion, &text_shapes},
        GenerationRoute{"/v1/chat/completions", &decode_chat, &chat_shapes},
        GenerationRoute{"/v1/messages", &decode_message, &message_shapes},
        GenerationRoute{"/v1/responses", &decode_response, &response_shapes},
    };
    const auto found = std::ranges::find(routes, path, &GenerationRoute::path);
    return found == routes.end() ? nullptr : &*found;
}

const DocumentRoute* find_document_route(std::string_view path) {
    static constexpr std::array routes = {
        DocumentRoute{"/tokenize", &tokenize},
        DocumentRoute{"/detokenize", &detokenize},
        DocumentRoute{"/v1/embeddings", &embed},
        DocumentRoute{"/v1/rerank", &rerank},
        DocumentRoute{"/apply-template", &apply_template},
        DocumentRoute{"/v1/messages/count_tokens", &count_tokens},
    };
    const auto found = std::ranges::find(routes, path, &DocumentRoute::path);
    return found == routes.end() ? nullptr : &*found;
}

void keep_earlier(std::optional<Clock::time_point>& earliest,
                  std::optional<Clock::time_point> other) {
    if (other && (!earliest || *other < *earliest)) {
        earliest = other;
    }
}

}  // namespace

void Worker::hello() {
    outbox_.put({{"ev", "hello"},
                 {"v", 1},
                 {"kind", "dummy"},
                 {"version", version},
                 {"pid", ::getpid()},
                 {"slots", options_.slots},
                 {"caps", {"load", "generate", "tokenize", "detokenize", "embed"}}});
}

const Worker::Op* Worker::find_op(std::string_view name) {
    static constexpr std::array ops = {
        Op{"ping", false, &Worker::ping},    Op{"load", true, &Worker::load},
        Op{"route", true, &Worker::route},   Op{"cancel", true, &Worker::cancel},
        Op{"credit", true, &Worker::credit}, Op{"shutdown", false, &Worker::shutdown},
    };
    const auto found = std::ranges::find(ops, name, &Op::name);
    return found == ops.end() ? nullptr : &*found;
}

Result<void> Worker::receive(std::string_view payload, Clock::time_point now) {
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
    (this->*op->take)(id, fields, now);
    return fields.check();
}

void Worker::ping(std::int64_t /*id*/, Fields& fields, Clock::time_point /*now*/) {
    outbox_.put({{"ev", "pong"}, {"t", fields.value("t")}, {"progress", progress_}});
}

void Worker::load(std::int64_t id, Fields& /*fields*/, Clock::time_point now) {
    tasks_.insert_or_assign(id, std::make_unique<Load>(id, options_, now));
}

void Worker::route(std::int64_t id, Fields& fields, Clock::time_point now) {
    ++progress_;
    if (auto started = start_route(id, fields, now); !started) {
        send_error(id, started.error());
    }
}

void Worker::cancel(std::int64_t id, Fields& /*fields*/, Clock::time_point /*now*/) {
    const auto found = tasks_.find(id);
    if (found != tasks_.end() && !options_.deaf_to_cancel) {
        found->second->cancel(outbox_);
        tasks_.erase(found);
    }
}

void Worker::credit(std::int64_t id, Fields& fields, Clock::time_point /*now*/) {
    const std::int64_t events = fields.integer("n", 1, std::int64_t{1} << 32).value_or(0);
    if (const auto found = tasks_.find(id); found != tasks_.end()) {
        found->second->add_credit(events);
    }
}

void Worker::shutdown(std::int64_t /*id*/, Fields& fields, Clock::time_point now) {
    constexpr std::int64_t day_ms = 86'400'000;
    shut_down(now + milliseconds(fields.integer("deadline_ms", 0, day_ms).value_or(0)));
}

void Worker::shut_down(Clock::time_point deadline) {
    deadline_ = deadline_ ? std::min(*deadline_, deadline) : deadline;
}

Result<void> Worker::start_route(std::int64_t id, Fields& fields, Clock::time_point now) {
    const std::string method = fields.text("method").value_or("POST");
    const std::string path = fields.text("path").value_or("");
    const std::string body_text = fields.text("body").value_or("");
    const std::int64_t slot = fields.integer("slot", -1).value_or(-1);
    if (deadline_) {
        return fail(ErrorCode::unreachable, "this worker is shutting down; send the request again");
    }
    if (method == "GET") {
        return show(id, path);
    }
    auto body = wire::decode_json(body_text);
    if (!body) {
        return std::unexpected(body.error());
    }
    if (const GenerationRoute* route = find_generation_route(path)) {
        return start_generation(id, slot, route->decode(*body), route->shapes(), now);
    }
    const DocumentRoute* route = find_document_route(path);
    if (route == nullptr) {
        return fail(ErrorCode::not_found, "the dummy has no route " + method + " " + path);
    }
    auto document = route->answer(*body);
    if (!document) {
        return std::unexpected(document.error());
    }
    send_document(id, *document);
    return {};
}

/// What can be seen of this worker: itself, and its slots.
Result<void> Worker::show(std::int64_t id, std::string_view path) {
    if (path == "/props") {
        send_document(
            id,
            {{"total_slots", options_.slots}, {"model_path", "dummy"}, {"build_info", version}});
        return {};
    }
    if (path != "/slots") {
        return fail(ErrorCode::not_found, "the dummy has no route GET " + std::string(path));
    }
    Json slots = Json::array();
    for (std::int64_t slot = 0; slot < options_.slots; ++slot) {
        const bool taken = std::ranges::any_of(
            tasks_, [&](const auto& entry) { return entry.second->slot() == slot; });
        slots.push_back({{"id", slot}, {"is_processing", taken}});
    }
    send_document(id, slots);
    return {};
}

Result<void> Worker::start_generation(std::int64_t id, std::int64_t slot, Result<Request> request,
                                      const Shapes& shapes, Clock::time_point now) {
    if (!request) {
        return std::unexpected(request.error());
    }
    if (slot < 0 || slot >= options_.slots) {
        return fail(ErrorCode::invalid_request, "slot " + std::to_string(slot) +
                                                    " does not exist; this worker has " +
                                                    std::to_string(options_.slots));
    }
    for (const auto& [other, task] : tasks_) {
        if (task->slot() == slot) {
            return fail(ErrorCode::conflict, "slot " + std::to_string(slot) + " is held by job " +
                                                 std::to_string(other));
        }
    }
    tasks_.insert_or_assign(
        id, std::make_unique<Generation>(id, slot, std::move(*request), shapes, options_, now));
    return {};
}

void Worker::send_document(std::int64_t id, const Json& document) {
    outbox_.put(
        {{"ev", "head"}, {"id", id}, {"status", 200}, {"content_type", "application/json"}});
    outbox_.put({{"ev", "body"}, {"id", id}, {"data", wire::encode_json(document)}});
    Json done = {{"ev", "done"}, {"id", id}, {"reason", "stop"}};
    if (document.contains("usage")) {
        const Json& read = document.at("usage").at("prompt_tokens");
        done["usage"] = {{"prompt", read}, {"cached", 0}, {"completion", 0}};
    }
    outbox_.put(done);
}

void Worker::send_error(std::int64_t id, const Error& error) {
    outbox_.put({{"ev", "error"},
                 {"id", id},
                 {"code", traits(error.code).name},
                 {"message", error.message}});
}

void Worker::advance(Clock::time_point now) {
    if (deadline_ && now >= *deadline_) {
        end_all();
        return;
    }
    while (!fault_ && !outbox_.full() && turn(now)) {
    }
}

/// One turn for each task; whether any has more to send.
bool Worker::turn(Clock::time_point now) {
    bool more = false;
    wake_ = tasks_.empty() ? std::nullopt : deadline_;
    for (auto it = tasks_.begin(); it != tasks_.end();) {
        const Step step = it->second->advance(now, events_a_turn, outbox_);
        progress_ += step.got_on ? 1 : 0;
        const bool ready = step.state == Step::State::ready;
        more = more || ready;
        keep_earlier(wake_, ready ? now : step.until);
        if (step.fault) {
            fault_ = step.fault;
            return false;
        }
        it = step.state == Step::State::ended ? tasks_.erase(it) : std::next(it);
    }
    return more;
}

std::optional<Fault> Worker::take_fault() {
    return outbox_.empty() ? std::exchange(fault_, std::nullopt) : std::nullopt;
}

void Worker::end_all() {
    for (auto& [id, task] : tasks_) {
        task->cancel(outbox_);
    }
    tasks_.clear();
    over_ = true;
}

}  // namespace threadrunner::dummy
