#include "kinds/passed_reply.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "kinds/route_reply.h"
#include "wire/lookup.h"

namespace threadrunner {
namespace {

using wire::text_at;

constexpr std::int64_t first_error = 400;
constexpr std::int64_t server_error = 500;
constexpr std::string_view data_field = "data: ";

/// Where the event begins that tells an error, in OpenAI's way or in Anthropic's; npos: nowhere.
/// Text of the model cannot look so, for its line ends and quotation marks are escaped.
std::size_t error_event(std::string_view events) {
    for (const std::string_view beginning : {"data: {\"error\"", "event: error\n"}) {
        for (std::size_t at = events.find(beginning); at != events.npos;
             at = events.find(beginning, at + 1)) {
            if (at == 0 || events[at - 1] == '\n') {
                return at;
            }
        }
    }
    return events.npos;
}

/// The error that such an event tells; none where it only has a member of that name.
std::optional<Error> read_error_event(std::string_view event) {
    const std::size_t data = event.find(data_field);
    if (data == event.npos) {
        return std::nullopt;
    }
    event.remove_prefix(data + data_field.size());
    const auto document = wire::decode_json(event.substr(0, event.find('\n')));
    if (!document || !document->is_object() || document->value("error", wire::Json(0)).is_null()) {
        return std::nullopt;
    }
    return route_error(server_error, *document);
}

}  // namespace

void PassedReply::receive(const wire::Json& frame, std::vector<Event>& out) {
    const std::string event = text_at(frame, "ev");
    if (event == "head") {
        const auto status = frame.find("status");
        status_ = status != frame.end() && status->is_number() ? status->get<std::int64_t>() : 200;
        streams_ = text_at(frame, "content_type").starts_with("text/event-stream");
        if (status_ < first_error) {
            out.push_back(
                event::Head{.status = status_, .content_type = text_at(frame, "content_type")});
        }
    } else if (event == "body" && status_ < first_error && streams_) {
        on_stream(text_at(frame, "data"), out);
    } else if (event == "body" && status_ < first_error) {
        out.push_back(event::Body{.data = text_at(frame, "data")});
    } else if (event == "body") {
        error_document_ += text_at(frame, "data");
        error_document_.resize(std::min(error_document_.size(), limits::http_error_bytes_max));
    } else if (event == "done") {
        on_done(frame, out);
    } else if (event == "error") {
        out.push_back(Error{.code = error_code_from(text_at(frame, "code")),
                            .message = text_at(frame, "message")});
    }
}

void PassedReply::on_stream(std::string data, std::vector<Event>& out) {
    if (broken_off_) {
        return;  // what follows an error is no answer
    }
    if (const std::size_t at = error_event(data); at != data.npos) {
        broken_off_ = read_error_event(std::string_view(data).substr(at));
        data.resize(broken_off_ ? at : data.size());
    }
    if (!data.empty()) {
        out.push_back(event::Body{.data = std::move(data)});
    }
}

void PassedReply::on_done(const wire::Json& frame, std::vector<Event>& out) const {
    event::Done done = read_done(frame);
    if (status_ >= first_error && done.reason != event::Reason::cancelled) {
        const auto document = wire::decode_json(error_document_);
        out.push_back(route_error(status_, document ? *document : wire::Json()));
    } else if (broken_off_ && done.reason != event::Reason::cancelled) {
        out.push_back(*broken_off_);
    } else {
        out.push_back(std::move(done));
    }
}

}  // namespace threadrunner
