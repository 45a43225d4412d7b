#include "kinds/upstream/server_probe.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "wire/lookup.h"

namespace threadrunner {
namespace {

namespace asio = boost::asio;
using wire::Json;
using wire::member;

constexpr const char* models_path = "/v1/models";

bool knows_no_such_path(int status) { return status == 404 || status == 405 || status == 501; }
bool wants_a_key(int status) { return status == 401 || status == 403; }
bool redirects(int status) { return status >= 300 && status < 400; }

Error key_refused(const HttpAddress& address) {
    return {.code = ErrorCode::unauthorized,
            .message = "the server at " + address.url() +
                       " refuses the key; put the right one into the file that upstream.key_file "
                       "names, or into THREADRUNNER_UPSTREAM_KEY of the daemon"};
}

}  // namespace

asio::awaitable<Result<ServerProbe::Answer>> ServerProbe::get(std::string path) {
    auto call = std::make_shared<HttpCall>(executor_);
    call_ = call;
    const HttpRequest request{.path = std::move(path), .key = key_};
    const auto head = co_await call->send(address_, request, settings_.upstream_connect);
    if (!head) {
        co_return std::unexpected(head.error());
    }
    std::string text;
    for (;;) {
        auto piece = co_await call->read();
        if (!piece) {
            co_return std::unexpected(piece.error());
        }
        if (piece->empty()) {
            break;
        }
        text += *piece;
        if (text.size() > limits::http_event_bytes_max) {
            co_return fail(ErrorCode::too_large, "the server at " + address_.url() +
                                                     " says too much of itself at " + request.path);
        }
    }
    auto document = wire::decode_json(text);
    co_return Answer{.status = head->status,
                     .location = head->location,
                     .document = document ? *std::move(document) : Json()};
}

Result<bool> ServerProbe::judge(const Answer& answer) const {
    if (answer.status == 200) {
        return true;
    }
    if (wants_a_key(answer.status)) {
        return std::unexpected(key_refused(address_));
    }
    if (redirects(answer.status)) {
        return fail(ErrorCode::unreachable,
                    "the server at " + address_.url() + " redirects" +
                        (answer.location.empty() ? "" : " to " + answer.location) +
                        ": write where it really is into upstream.url");
    }
    if (knows_no_such_path(answer.status)) {
        return fail(ErrorCode::not_supported,
                    "the server at " + address_.url() +
                        " has neither /health nor /v1/models: it is not OpenAI-compatible, or "
                        "upstream.url lacks a part of its path");
    }
    return false;
}

asio::awaitable<Result<bool>> ServerProbe::is_ready() {
    auto answer = co_await get(health_path_);
    if (answer && knows_no_such_path(answer->status) && health_path_ != models_path) {
        health_path_ = models_path;
        answer = co_await get(health_path_);
    }
    if (!answer) {
        co_return std::unexpected(answer.error());
    }
    co_return judge(*answer);
}

asio::awaitable<Result<ServerFacts>> ServerProbe::facts() {
    const auto props = co_await get("/props");
    if (!props) {
        co_return std::unexpected(props.error());
    }
    const auto models = co_await get(models_path);
    if (!models) {
        co_return std::unexpected(models.error());
    }
    if (wants_a_key(props->status) || wants_a_key(models->status)) {
        co_return std::unexpected(key_refused(address_));
    }
    ServerFacts out{.health_path = health_path_};
    const Json& listed = member(models->document, "data");
    if (listed.is_array() && !listed.empty()) {
        out.model = wire::text_at(listed.front(), "id");
    }
    const Json& slots = member(props->document, "total_slots");
    out.is_llama_server = props->status == 200 && slots.is_number_unsigned();
    out.meta = {{"server", out.is_llama_server ? "llama-server" : "openai"},
                {"url", address_.url()},
                {"name", out.model}};
    if (out.is_llama_server) {
        out.slots = std::clamp<std::size_t>(slots.get<std::size_t>(), 1, limits::worker_slots_max);
        const Json& settings = member(props->document, "default_generation_settings");
        for (const auto& [name, value] :
             {std::pair{"build", &member(props->document, "build_info")},
              std::pair{"context", &member(settings, "n_ctx")},
              std::pair{"modalities", &member(props->document, "modalities")}}) {
            if (!value->is_null()) {
                out.meta[name] = *value;
            }
        }
    }
    co_return out;
}

asio::awaitable<Result<void>> ServerProbe::is_alive() {
    const auto answer = co_await get(health_path_);
    if (!answer) {
        co_return std::unexpected(answer.error());
    }
    co_return Result<void>();
}

void ServerProbe::close() {
    if (call_) {
        call_->close();
    }
}

}  // namespace threadrunner
