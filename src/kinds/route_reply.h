#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "job/work.h"
#include "wire/event.h"
#include "wire/sse.h"

namespace threadrunner {

/// Turns the frames that answer a `route` (head, body, done, error) into a job's events: streams as
/// they come, documents when they are whole, error documents as the error they report.
class RouteReply {
public:
    /// `work` outlives the reply.
    explicit RouteReply(const Work& work) : work_(work) {}

    void receive(const wire::Json& frame, std::vector<Event>& out);

private:
    /// A tool call as it arrives in pieces.
    struct PartialCall {
        std::string name;
        std::string arguments;
    };

    void on_body(const std::string& data, std::vector<Event>& out);
    void on_chunk(std::string_view data, std::vector<Event>& out);
    void on_chat_chunk(const wire::Json& chunk, std::vector<Event>& out);
    void on_completion_chunk(const wire::Json& chunk, std::vector<Event>& out);
    void on_tool_calls(const wire::Json& calls);
    void on_finish_reason(std::string_view reason);
    void on_done(const wire::Json& frame, std::vector<Event>& out);
    void finish_document(event::Done& done, std::vector<Event>& out);

    const Work& work_;
    std::int64_t status_ = 200;
    bool streams_ = false;
    bool whole_ = false;  ///< a stream has said why it ends
    wire::SseReader sse_;
    std::string document_;
    std::map<std::int64_t, PartialCall> calls_;
    event::Reason reason_ = event::Reason::stop;
    std::optional<Error>
        error_;  ///< reported inside the answer; ends the job when the worker is done
};

/// What the frame `done` says: usage, timings, and whether the job was cancelled.
[[nodiscard]] event::Done read_done(const wire::Json& frame);

/// The error that an error document of llama-server reports, from its HTTP status and its type.
[[nodiscard]] Error route_error(std::int64_t status, const wire::Json& document);

}  // namespace threadrunner
