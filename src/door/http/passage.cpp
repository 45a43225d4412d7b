#include "door/http/passage.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "door/http/answer_names.h"
#include "door/offers.h"
#include "job/job_stream.h"
#include "wire/fields.h"
#include "wire/lookup.h"
#include "wire/member_texts.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;
using wire::Json;

constexpr std::string_view event_stream = "text/event-stream";

/// What the body says that concerns us.
struct Wishes {
    std::string model;
    std::string text;  ///< of the body, for the worker
    bool streams = false;
    std::size_t answers = 1;  ///< to each prompt
    Offers offers;            ///< tools of ours that the model may call
};

/// A body that offers its model tools of ours, which are not for the worker's eyes.
Result<void> set_offers_aside(Wishes& wishes, const Json& body) {
    wire::Fields fields(body, "the request");
    Json others = wire::member(body, "tools");
    wishes.offers = take_offers(fields, others);
    wishes.text = wire::with_members_changed(
        wishes.text, [&](const wire::Member& member) -> std::optional<std::string> {
            const bool tools = member.parent.empty() && member.name == "tools";
            return tools ? std::optional(wire::encode_json(others)) : std::nullopt;
        });
    return fields.check();
}

Wishes wishes_in(const Json& body, const std::string& text) {
    Wishes out{.model = wire::text_at(body, "model"), .text = text};
    const auto stream = body.find("stream");
    out.streams = stream != body.end() && *stream == true;
    for (const char* name : {"n", "n_cmpl"}) {  // OpenAI's name, and llama-server's own
        const auto found = body.find(name);
        if (found != body.end() && found->is_number_unsigned()) {
            out.answers = std::max(out.answers, found->get<std::size_t>());
        }
    }
    return out;
}

/// One request that a worker answers.
class Passage {
public:
    Passage(Call& call, Wishes wishes)
        : call_(call),
          wishes_(std::move(wishes)),
          tells_progress_(wishes_.streams && call.request.header("x-progress") == "1"),
          stream_(call.context.executor, call.context.jobs) {}
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;
    ~Passage() { call_.reply.when_gone(nullptr); }

    [[nodiscard]] awaitable<void> run(const PassedRoute& route) {
        call_.reply.when_gone([this] { stream_.wake(); });
        JobSpec spec = spec_of(route);
        const std::string model =
            wishes_.model.empty() ? call_.context.control.model_name(spec) : wishes_.model;
        stream_.submit(std::move(spec));
        names_.emplace(stream_.name(), model);
        while (!over_ && !call_.reply.gone()) {
            auto item = co_await stream_.next(patience());
            if (item && !call_.reply.gone()) {
                co_await tell(std::move(*item));
            } else if (!item && wishes_.streams) {
                co_await write(route.sign_of_life);
            }
        }
    }

private:
    /// How long nothing need be said. Events that are not told, of a load, are no sign of life.
    [[nodiscard]] std::chrono::milliseconds patience() const {
        const std::chrono::milliseconds most = call_.context.settings.http_keep_alive;
        const auto silent =
            std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - written_at_);
        return wishes_.streams ? std::max(std::chrono::milliseconds(0), most - silent) : most;
    }

    [[nodiscard]] JobSpec spec_of(const PassedRoute& route) const {
        const ModelAddress address = call_.context.address_of(wishes_.model);
        const bool other_name = !wishes_.model.empty() && address.model != wishes_.model;
        JobSpec spec;
        spec.offers = wishes_.offers;
        spec.backend = address.backend;
        spec.model = address.model;
        spec.owner = call_.caller.owner;
        spec.work =
            work::Route{.method = std::string(call_.route.method),
                        .path = route.path,
                        .body = other_name ? with_model(wishes_.text, address.model) : wishes_.text,
                        .embeds = route.embeds,
                        .slots = route.embeds ? 1 : wishes_.answers};
        return spec;
    }

    awaitable<void> tell(JobStream::Item item) {
        if (auto* body = std::get_if<event::Body>(&item.event)) {
            co_await pass(std::move(body->data), item.credits);
        } else if (auto* head = std::get_if<event::Head>(&item.event)) {
            head_ = {.status = static_cast<unsigned>(head->status),
                     .content_type = head->content_type};
        } else if (auto* error = std::get_if<Error>(&item.event)) {
            over_ = true;
            co_await call_.refuse(std::move(*error));
        } else if (const auto* done = std::get_if<event::Done>(&item.event)) {
            over_ = true;
            co_await finish(done->reason == event::Reason::cancelled);
        } else if (tells_progress_) {
            co_await tell_progress(item.event);
        }
    }

    /// A stream goes on as it comes, with all that has come meanwhile; a document when it is whole.
    awaitable<void> pass(std::string data, unsigned credits) {
        if (!head_.content_type.starts_with(event_stream)) {
            document_ += data;
            stream_.give_back(credits);
            co_return;
        }
        std::string out = names_->in(data);
        while (stream_.next_is_body()) {
            auto item = stream_.take();
            out += names_->in(std::get<event::Body>(item->event).data);
            credits += item->credits;
        }
        const bool written = co_await write(out);
        if (written) {
            stream_.give_back(credits);
        }
    }

    awaitable<bool> write(std::string_view events) {
        if (!call_.reply.begun()) {
            Answer head{.content_type = std::string(event_stream)};
            head.headers.emplace_back("x-job-id", stream_.name());
            head.headers.emplace_back("cache-control", "no-cache");
            const bool begun = co_await call_.reply.begin(std::move(head));
            if (!begun) {
                co_return false;
            }
        }
        const bool written = co_await call_.reply.write(events);
        written_at_ = Clock::now();
        co_return written;
    }

    awaitable<void> tell_progress(const Event& event) {
        std::string text;
        if (const auto* load = std::get_if<event::Load>(&event)) {
            const Json state = {{"stage", load->stage}, {"fraction", load->fraction}};
            text = wire::encode_json(Json{{"load", state}});
        } else if (const auto* queued = std::get_if<event::Queued>(&event)) {
            text = wire::encode_json(Json{{"queued", {{"position", queued->position}}}});
        }
        if (!text.empty()) {
            const std::string comment = ": " + text + "\n\n";
            co_await write(comment);
        }
    }

    awaitable<void> finish(bool cancelled) {
        if (cancelled) {
            Error error{.code = ErrorCode::cancelled,
                        .message = "the job " + stream_.name() + " was cancelled"};
            co_await call_.refuse(std::move(error));
        } else if (call_.reply.begun()) {
            co_await call_.reply.end();
        } else {
            Answer answer = std::move(head_);
            answer.body = names_->in(document_);
            answer.headers.emplace_back("x-job-id", stream_.name());
            co_await call_.reply.send(std::move(answer));
        }
    }

    Call& call_;
    Wishes wishes_;
    bool tells_progress_;
    JobStream stream_;
    std::optional<AnswerNames> names_;
    Answer head_;
    std::string document_;
    Clock::time_point written_at_ = Clock::now();
    bool over_ = false;
};

/// A request without a body names its model in the query.
awaitable<void> pass(Call& call, const PassedRoute& route) {
    Wishes wishes{.model = call.request.parameter("model"), .text = call.request.body};
    if (call.route.method != "GET") {
        const auto body = co_await call.body();
        if (!body) {
            co_await call.refuse(body.error());
            co_return;
        }
        wishes = wishes_in(*body, call.request.body);
        if (has_offers(wire::member(*body, "tools"))) {
            auto taken = set_offers_aside(wishes, *body);
            if (taken) {
                taken = may_offer(call.caller, wishes.offers);
            }
            if (!taken) {
                co_await call.refuse(taken.error());
                co_return;
            }
        }
    }
    Passage passage(call, std::move(wishes));
    co_await passage.run(route);
}

}  // namespace

Handler pass_to_worker(PassedRoute route) {
    return [route = std::move(route)](Call& call) { return pass(call, route); };
}

}  // namespace threadrunner::http
