#pragma once

#include <optional>
#include <string_view>

#include "wire/decode.h"
#include "wire/event.h"

namespace threadrunner::wire {

/// Picks the numbers of tokens out of an answer as it passes: out of a document, or out of the last
/// server-sent event that has them. It knows llama-server's `timings` and, for the answers without
/// those, the `usage` of OpenAI and Anthropic.
class UsageReader {
public:
    /// A document, or whole server-sent events. What is not JSON is passed over.
    void read(std::string_view data);

    /// Nothing where the answer has no such numbers, as a tokenization.
    [[nodiscard]] const std::optional<event::Usage>& usage() const { return usage_; }
    /// llama-server's object, null without one.
    [[nodiscard]] const wire::Json& timings() const { return timings_; }

private:
    void read_document(std::string_view text);
    void add_up(const wire::Json& documents);
    void read_counts(const wire::Json& counts);

    std::optional<event::Usage> usage_;
    wire::Json timings_ = nullptr;
};

}  // namespace threadrunner::wire
