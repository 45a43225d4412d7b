#include "kinds/passed_reply.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "kinds/route_reply.h"

namespace threadrunner {
namespace {

constexpr std::int64_t first_error = 400;

std::string text_at(const wire::Json& frame, const char* name) {
    const auto found = frame.find(name);
    return found != frame.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

void PassedReply::receive(const wire::Json& frame, std::vector<Event>& out) {
    const std::string event = text_at(frame, "ev");
    if (event == "head") {
        const auto status = frame.find("status");
        status_ = status != frame.end() && status->is_number() ? status->get<std::int64_t>() : 200;
        if (status_ < first_error) {
            out.push_back(
                event::Head{.status = status_, .content_type = text_at(frame, "content_type")});
        }
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

void PassedReply::on_done(const wire::Json& frame, std::vector<Event>& out) const {
    event::Done done = read_done(frame);
    if (status_ >= first_error && done.reason != event::Reason::cancelled) {
        const auto document = wire::decode_json(error_document_);
        out.push_back(route_error(status_, document ? *document : wire::Json()));
    } else {
        out.push_back(std::move(done));
    }
}

}  // namespace threadrunner
