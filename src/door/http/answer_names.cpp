#include "door/http/answer_names.h"

#include <algorithm>
#include <utility>

#include "wire/decode.h"
#include "wire/member_texts.h"

namespace threadrunner::http {
namespace {

using wire::Member;
using wire::with_members_changed;

constexpr std::string_view event_data = "data: ";

/// The objects that are an answer within a streamed event: Anthropic's, and OpenAI's Responses.
bool is_answer(std::string_view name) {
    return name.empty() || name == "message" || name == "response";
}

}  // namespace

AnswerNames::AnswerNames(std::string job, std::string model)
    : job_(std::move(job)),
      model_(model.empty() ? "" : wire::encode_json(wire::Json(std::move(model)))) {}

std::string AnswerNames::in(std::string_view data) const {
    if (data.starts_with('{')) {
        return in_document(data);
    }
    std::string out;
    out.reserve(data.size() + data.size() / 4);
    while (!data.empty()) {
        const std::size_t length = std::min(data.find('\n'), data.size());
        const std::string_view line = data.substr(0, length);
        if (line.starts_with(event_data)) {
            out += event_data;
            out += in_document(line.substr(event_data.size()));
        } else {
            out += line;
        }
        out += data.substr(length, 1);
        data.remove_prefix(std::min(length + 1, data.size()));
    }
    return out;
}

std::string AnswerNames::in_document(std::string_view document) const {
    return with_members_changed(document, [&](const Member& member) -> std::optional<std::string> {
        if (!is_answer(member.parent)) {
            return std::nullopt;
        }
        if (member.name == "id" && member.value.starts_with('"')) {
            return "\"" + job_ + "-" + std::string(member.value.substr(1));
        }
        if (member.name == "model" && !model_.empty() && member.value.starts_with('"')) {
            return model_;
        }
        return std::nullopt;
    });
}

std::string with_model(std::string_view body, std::string_view model) {
    return with_members_changed(body, [&](const Member& member) -> std::optional<std::string> {
        if (!member.parent.empty() || member.name != "model") {
            return std::nullopt;
        }
        return wire::encode_json(wire::Json(model));
    });
}

}  // namespace threadrunner::http
