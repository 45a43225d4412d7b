#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wire/decode.h"

namespace threadrunner {

/// What a job asks for, in no protocol's words: doors decode into it, kinds encode from it.
namespace work {

/// How tokens are chosen; absent means the model's default.
struct Sampling {
    std::optional<double> temperature;
    std::optional<double> top_p;
    std::optional<std::int64_t> top_k;
    std::optional<double> min_p;
    std::optional<double> repeat_penalty;
    std::optional<std::int64_t> seed;
    std::optional<std::int64_t> max_tokens;
    std::vector<std::string> stop;
};

/// Text from a prompt (one user message through the chat template, or the bare text when `raw`) or
/// from messages in OpenAI's shape; exactly one of the two is given.
struct Generate {
    std::string prompt;
    bool raw = false;
    wire::Json messages = nullptr;
    std::string system;
    wire::Json tools = nullptr;
    std::string grammar;
    /// As JSON text, for the order of its members is that of the answer; empty: none.
    std::string json_schema;
    Sampling sampling;
    std::optional<bool> think;
    std::optional<std::int64_t> logprobs;
};

struct Embed {
    std::vector<std::string> inputs;
};

struct Tokenize {
    std::string text;
};

struct Detokenize {
    std::vector<std::int64_t> tokens;
};

/// Only that the target be ready; ends with what its worker says of itself.
struct Load {};

}  // namespace work

using Work =
    std::variant<work::Generate, work::Embed, work::Tokenize, work::Detokenize, work::Load>;

/// The work's name in logs and listings: generate, embed …
[[nodiscard]] std::string_view work_name(const Work& work);

}  // namespace threadrunner
