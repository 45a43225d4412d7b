#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tool/function.h"
#include "wire/decode.h"

namespace threadrunner::tool {

/// A request for OpenAI's chat that grows from round to round: but for the members that say so,
/// every byte stays as its client wrote it. The body is a JSON object with an array `messages`.
class ChatRequest {
public:
    explicit ChatRequest(std::string body) : body_(std::move(body)) {}

    /// Adds to `tools`.
    void offer(const std::vector<Function>& functions);
    /// Adds to `messages`. A call that `tool_choice` demanded has been made: from now on the model
    /// chooses.
    void go_on(const wire::Json& messages);

    [[nodiscard]] const std::string& text() const { return body_; }

private:
    void append(std::string_view member, const wire::Json& items);

    std::string body_;
};

}  // namespace threadrunner::tool
