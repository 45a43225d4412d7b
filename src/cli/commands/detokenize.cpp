#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/number.h"
#include "base/paths.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/request.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

/// Numbers from stdin: parted by blanks, commas or line breaks, also as a JSON list.
std::vector<std::string> numbers_in(std::string text) {
    for (char& c : text) {
        if (c == ',' || c == '[' || c == ']') {
            c = ' ';
        }
    }
    std::vector<std::string> out;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        out.push_back(std::move(word));
    }
    return out;
}

std::expected<wire::Json, Failure> tokens_of(const std::vector<std::string>& words) {
    wire::Json out = wire::Json::array();
    for (const std::string& word : words) {
        const auto token = number_from<std::int32_t>(word);
        if (!token || *token < 0) {
            return fail_usage("'" + word + "' is no token; tokens are whole numbers, as " +
                              "threadrunner tokenize prints them in its first column");
        }
        out.push_back(*token);
    }
    return out;
}

}  // namespace

Outcome run_detokenize(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const auto until = deadline_of(options);
    std::vector<std::string> words = invocation.words;
    if (words.empty()) {
        auto input = piped_input(context, true, until);
        if (!input) {
            return std::unexpected(input.error());
        }
        words = numbers_in(std::move(*input).value_or(""));
    }
    if (words.empty()) {
        return fail_usage("no tokens; for example: threadrunner detokenize 9259 993");
    }
    auto tokens = tokens_of(words);
    if (!tokens) {
        return std::unexpected(tokens.error());
    }
    wire::Json request = make_model_request("detokenize", options, environment);
    request["tokens"] = *std::move(tokens);
    const auto render = [&](const wire::Json& result) {
        const std::string text =
            result.is_object() && result.contains("text") && result["text"].is_string()
                ? result["text"].get<std::string>()
                : std::string();
        return (context.terminal.out ? safe_text(text) : text) + "\n";
    };
    return call_for_result(context, options, std::move(request), Reach::start, until, render);
}

}  // namespace threadrunner::cli
