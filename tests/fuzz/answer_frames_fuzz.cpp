#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "invariant.h"
#include "kinds/route_reply.h"
#include "kinds/upstream/answer_frames.h"
#include "kinds/upstream/http_address.h"
#include "wire/sse.h"

using threadrunner::AnswerFrames;
using threadrunner::fuzz::must_hold;

namespace {

/// The data of all server-sent events, with the bytes pushed in pieces of this size.
std::string events_of(std::string_view bytes, std::size_t piece) {
    threadrunner::wire::SseReader reader;
    std::string out;
    while (!bytes.empty()) {
        const std::string_view next = bytes.substr(0, piece);
        bytes.remove_prefix(next.size());
        reader.push(next, [&](std::string_view data) { out += std::string(data) + '\0'; });
    }
    return out;
}

/// Plays an answer's bytes, in pieces of this size, through frames into events.
void play(const threadrunner::HttpHead& head, std::string_view bytes, std::size_t piece) {
    const threadrunner::Work work = threadrunner::work::Generate{};
    threadrunner::RouteReply reply(work);
    std::vector<threadrunner::Event> events;
    AnswerFrames answer(1, "it");
    const auto frame = answer.head(head);
    if (!frame) {
        must_hold(!frame.error().message.empty(), "a refusal says why");
        return;
    }
    reply.receive(*frame, events);
    std::string passed;
    const auto take = [&](const auto& body) {
        if (body && *body) {
            passed += (**body).at("data").template get_ref<const std::string&>();
            reply.receive(**body, events);
        }
        return body.has_value();
    };
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        if (!take(answer.body(bytes.substr(at, piece)))) {
            return;
        }
    }
    must_hold(bytes.starts_with(passed), "what is passed on is what came");
    if (!take(answer.rest())) {
        return;
    }
    must_hold(bytes == passed, "nothing is left over");
    must_hold(std::none_of(events.begin(), events.end(), threadrunner::ends_job),
              "nothing ends a job before its last frame");
    reply.receive(answer.done(), events);
    must_hold(std::count_if(events.begin(), events.end(), threadrunner::ends_job) == 1 &&
                  ends_job(events.back()),
              "a job ends once, at last");
}

}  // namespace

/// The first bytes say how it is cut and what kind of answer it is; the rest is its body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::size_t piece = 1 + data[0] % 32;
    const bool streams = (data[1] & 1) != 0;
    const int status = (data[1] & 2) != 0 ? 500 : 200;
    const std::string_view bytes = threadrunner::fuzz::as_text(data, size).substr(2);
    must_hold(events_of(bytes, piece) == events_of(bytes, bytes.size() + 1),
              "how a stream is cut does not change its events");
    play({.status = status, .content_type = streams ? "text/event-stream" : "application/json"},
         bytes, piece);
    if (const auto address = threadrunner::parse_http_address(bytes)) {
        const auto again = threadrunner::parse_http_address(address->url());
        must_hold(again && again->url() == address->url(), "an address reads back");
    }
    return 0;
}
