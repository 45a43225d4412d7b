#include "kinds/upstream/answer_frames.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner {
namespace {

using wire::Json;

constexpr int first_redirect = 300;
constexpr int first_error = 400;

/// Where the last whole event ends in text of which `searched` bytes end none; 0: nowhere.
std::size_t end_of_events(std::string_view text, std::size_t searched) {
    constexpr std::size_t longest_end = 4;  ///< \r\n\r\n
    const std::size_t from = searched - std::min(searched, longest_end);
    const std::string_view unsearched = text.substr(from);
    std::size_t end = 0;
    for (const std::string_view mark : {"\n\n", "\n\r\n"}) {
        const std::size_t found = unsearched.rfind(mark);
        if (found != unsearched.npos) {
            end = std::max(end, from + found + mark.size());
        }
    }
    return end;
}

}  // namespace

Result<Json> AnswerFrames::head(const HttpHead& head) {
    if (head.status >= first_redirect && head.status < first_error) {
        return fail(ErrorCode::unreachable,
                    server_ + " redirects" + (head.location.empty() ? "" : " to " + head.location) +
                        ": write where it really is into upstream.url");
    }
    const bool failed = head.status >= first_error;
    streams_ = !failed && head.content_type.starts_with("text/event-stream");
    if (!failed && !streams_ && !head.content_type.starts_with("application/json")) {
        return fail(ErrorCode::inference_failed,
                    server_ + " answered with " +
                        (head.content_type.empty() ? "no content type" : head.content_type) +
                        ", not with JSON or a stream of it; is it OpenAI-compatible?");
    }
    bytes_max_ = failed     ? limits::http_error_bytes_max
                 : streams_ ? limits::http_event_bytes_max
                            : limits::http_document_bytes_max;
    return Json{{"ev", "head"},
                {"id", id_},
                {"status", head.status},
                {"content_type", streams_ ? "text/event-stream" : "application/json"}};
}

Result<std::optional<Json>> AnswerFrames::body(std::string_view bytes) {
    collected_ += bytes;
    std::optional<Json> frame;
    if (streams_) {
        const std::size_t end = end_of_events(collected_, searched_);
        if (end > 0) {
            std::string rest = collected_.substr(end);
            collected_.resize(end);
            frame = body_frame(std::exchange(collected_, std::move(rest)));
        }
        searched_ = collected_.size();
    }
    if (collected_.size() > bytes_max_) {
        return fail(ErrorCode::too_large, server_ + " sent " +
                                              (streams_ ? "an event" : "an answer") +
                                              " of more than " + format_bytes(bytes_max_));
    }
    return frame;
}

Result<std::optional<Json>> AnswerFrames::rest() {
    if (streams_ && !collected_.empty()) {
        return fail(ErrorCode::worker_crashed,
                    server_ +
                        " ended its answer in the midst of an event; send the request again, "
                        "and look into the server's own log");
    }
    if (collected_.empty()) {
        return std::nullopt;
    }
    return body_frame(std::exchange(collected_, {}));
}

Json AnswerFrames::body_frame(std::string data) {
    usage_.read(data);
    return {{"ev", "body"}, {"id", id_}, {"data", std::move(data)}};
}

Json AnswerFrames::done() const {
    Json out = {{"ev", "done"}, {"id", id_}};
    if (const auto& usage = usage_.usage()) {
        out["usage"] = {{"prompt", usage->prompt},
                        {"cached", usage->cached},
                        {"completion", usage->completion}};
    }
    if (!usage_.timings().is_null()) {
        out["timings"] = usage_.timings();
    }
    return out;
}

}  // namespace threadrunner
