#include <string_view>
#include <utility>

#include "tool/rounds/chat_request.h"
#include "tool/rounds/chat_stream.h"
#include "tool/rounds/dialogue.h"

namespace threadrunner::tool {
namespace {

using wire::Json;

constexpr std::string_view event_stream = "text/event-stream";

/// OpenAI's chat as its clients know it: many answers become one, whole or as a stream.
class ChatDialogue : public Dialogue {
public:
    explicit ChatDialogue(const work::Route& route) : route_(route), request_(route.body) {}

    void offer(const std::vector<Function>& functions) override { request_.offer(functions); }

    [[nodiscard]] Work request() override {
        document_.clear();
        stream_.begin_answer();
        work::Route out = route_;
        out.body = request_.text();
        return out;
    }

    void hear(const Event& event, std::vector<Event>& out) override {
        if (const auto* head = std::get_if<event::Head>(&event)) {
            streams_ = head->content_type.starts_with(event_stream);
            if (!std::exchange(head_told_, true)) {
                out.push_back(event);
            }
        } else if (const auto* body = std::get_if<event::Body>(&event)) {
            if (!streams_) {
                document_ += body->data;
            } else if (std::string told = stream_.push(body->data); !told.empty()) {
                out.push_back(event::Body{.data = std::move(told)});
            }
        } else {
            out.push_back(event);
        }
    }

    [[nodiscard]] std::vector<ModelCall> calls() override {
        if (streams_) {
            return stream_.calls();
        }
        answer_ = wire::decode_json(document_).value_or(Json());
        const Json* message = message_of(answer_);
        return message == nullptr ? std::vector<ModelCall>() : read_calls(*message);
    }

    void go_on(const std::vector<Result>& results) override {
        const Json* message = streams_ ? nullptr : message_of(answer_);
        const auto content = message == nullptr ? Json() : message->value("content", Json());
        const std::string text = content.is_string() ? content.get<std::string>() : std::string();
        request_.go_on(messages_of(streams_ ? stream_.text() : text, results));
    }

    void finish(const std::vector<ModelCall>& calls, event::Done done,
                std::vector<Event>& out) override {
        std::string body = streams_ ? stream_.finish(calls, done.usage) : finished(calls, done);
        out.push_back(event::Body{.data = std::move(body)});
        out.push_back(std::move(done));
    }

private:
    static Json* message_of(Json& answer) {
        const bool whole = answer.is_object() && answer.contains("choices") &&
                           answer["choices"].is_array() && !answer["choices"].empty() &&
                           answer["choices"].front().is_object() &&
                           answer["choices"].front().contains("message") &&
                           answer["choices"].front()["message"].is_object();
        return whole ? &answer["choices"].front()["message"] : nullptr;
    }

    /// The last answer, with the calls that are the client's to make and the usage of all answers.
    [[nodiscard]] std::string finished(const std::vector<ModelCall>& calls,
                                       const event::Done& done) {
        Json* message = message_of(answer_);
        if (message == nullptr) {
            return document_;
        }
        if (!calls.empty()) {
            (*message)["tool_calls"] = calls_document(calls);
        }
        put_usage(answer_, done.usage);
        return wire::encode_json(answer_);
    }

    work::Route route_;
    ChatRequest request_;
    ChatStream stream_;
    bool streams_ = false;
    bool head_told_ = false;
    std::string document_;
    Json answer_;
};

}  // namespace

std::unique_ptr<Dialogue> chat_dialogue(const work::Route& route) {
    return std::make_unique<ChatDialogue>(route);
}

}  // namespace threadrunner::tool
