#include "wire/usage.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace threadrunner::wire {
namespace {

using wire::Json;

constexpr std::string_view event_data = "data: ";

/// Most events are single tokens: they are not worth parsing. Text of the model cannot look like
/// these keys, for its quotation marks are escaped.
bool may_have_counts(std::string_view text) {
    return text.find("\"timings\"") != text.npos || text.find("\"usage\"") != text.npos;
}

const Json* object_at(const Json& parent, const char* name) {
    if (!parent.is_object()) {
        return nullptr;
    }
    const auto found = parent.find(name);
    return found != parent.end() && found->is_object() ? &*found : nullptr;
}

/// The first of the members that is a count.
std::optional<std::int64_t> count(const Json& object, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        const auto found = object.find(name);
        if (found != object.end() && found->is_number()) {
            return found->get<std::int64_t>();
        }
    }
    return std::nullopt;
}

event::Usage from_timings(const Json& timings) {
    const std::int64_t cached = count(timings, {"cache_n"}).value_or(0);
    return {.prompt = cached + count(timings, {"prompt_n"}).value_or(0),
            .cached = cached,
            .completion = count(timings, {"predicted_n"}).value_or(0)};
}

}  // namespace

void UsageReader::read(std::string_view data) {
    if (!may_have_counts(data)) {
        return;
    }
    if (data.starts_with('{') || data.starts_with('[')) {
        read_document(data);
        return;
    }
    while (!data.empty()) {
        const std::string_view line = data.substr(0, data.find('\n'));
        data.remove_prefix(std::min(data.size(), line.size() + 1));
        if (line.starts_with(event_data) && may_have_counts(line)) {
            read_document(line.substr(event_data.size()));
        }
    }
}

void UsageReader::read_document(std::string_view text) {
    const auto document = wire::decode_json(text);
    if (document && document->is_array()) {
        add_up(*document);
    }
    if (!document || !document->is_object()) {
        return;
    }
    if (const Json* timings = object_at(*document, "timings")) {
        timings_ = *timings;
        usage_ = from_timings(*timings);
        return;
    }
    // Anthropic and OpenAI's Responses put it one level deeper where they stream.
    const Json* inner = object_at(*document, "message");
    inner = inner != nullptr ? inner : object_at(*document, "response");
    const Json* counts = object_at(inner != nullptr ? *inner : *document, "usage");
    if (counts != nullptr && timings_.is_null()) {
        read_counts(*counts);
    }
}

/// The answers to several prompts in one request.
void UsageReader::add_up(const Json& documents) {
    for (const Json& document : documents) {
        if (const Json* timings = object_at(document, "timings")) {
            const event::Usage one = from_timings(*timings);
            event::Usage sum = usage_.value_or(event::Usage{});
            sum.prompt += one.prompt;
            sum.cached += one.cached;
            sum.completion += one.completion;
            usage_ = sum;
        }
    }
}

void UsageReader::read_counts(const Json& counts) {
    event::Usage usage = usage_.value_or(event::Usage{});
    const Json* details = object_at(counts, "prompt_tokens_details");
    details = details != nullptr ? details : object_at(counts, "input_tokens_details");
    usage.prompt = count(counts, {"prompt_tokens", "input_tokens"}).value_or(usage.prompt);
    if (details != nullptr) {
        usage.cached = count(*details, {"cached_tokens"}).value_or(0);
    } else if (const auto beside = count(counts, {"cache_read_input_tokens"})) {
        // Anthropic counts cached tokens beside the others
        usage.cached = *beside;
        usage.prompt += *beside;
    }
    usage.completion =
        count(counts, {"completion_tokens", "output_tokens"}).value_or(usage.completion);
    usage_ = usage;
}

}  // namespace threadrunner::wire
