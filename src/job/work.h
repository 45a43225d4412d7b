#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "job/grant.h"
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
    std::optional<double> typical_p;
    std::optional<double> repeat_penalty;
    std::optional<std::int64_t> repeat_last_n;  ///< tokens that penalties look back
    std::optional<double> presence_penalty;
    std::optional<double> frequency_penalty;
    std::optional<std::int64_t> mirostat;  ///< its version; 0: off
    std::optional<double> mirostat_tau;
    std::optional<double> mirostat_eta;
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

/// A request in llama-server's own terms, for doors whose clients speak them: it goes to the worker
/// as it is, and so does the answer come back, as event::Head and event::Body.
struct Route {
    std::string method = "POST";
    std::string path;       ///< the worker's: /v1/chat/completions
    std::string body;       ///< JSON text; empty where the method has none
    bool embeds = false;    ///< it is for a model that makes vectors, not for one that writes
    std::size_t slots = 1;  ///< of the worker that it takes: one for each answer that it wants
};

/// One op of a sandboxed tool, which the job's model names.
struct Call {
    std::string op;
    wire::Json args = wire::Json::object();
    std::vector<Grant> directories;  ///< that the tool sees besides its own, for this call
    bool read_only = false;          ///< it is given all of them to read only
};

/// Only that the target be ready; ends with what its worker says of itself.
struct Load {};

}  // namespace work

using Work = std::variant<work::Generate, work::Embed, work::Tokenize, work::Detokenize,
                          work::Route, work::Call, work::Load>;

/// The work's name in logs and listings: generate, embed …; of a route, its path. Lives as long as
/// the work.
[[nodiscard]] std::string_view work_name(const Work& work);

/// How many of its worker's slots it takes while it runs; at least 1.
[[nodiscard]] std::size_t work_slots(const Work& work);

}  // namespace threadrunner
