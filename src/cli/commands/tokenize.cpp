#include <string>
#include <utility>
#include <vector>

#include "base/paths.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/request.h"
#include "cli/table.h"

namespace threadrunner::cli {
namespace {

std::string tokens_table(const wire::Json& result) {
    const wire::Json tokens = result.is_object() ? result.value("tokens", wire::Json()) : nullptr;
    const wire::Json pieces = result.is_object() ? result.value("pieces", wire::Json()) : nullptr;
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        rows.push_back({wire::encode_json(tokens[i])});
        if (pieces.is_array() && i < pieces.size()) {
            // as JSON, which shows blanks and line breaks
            rows.back().push_back(wire::encode_json(pieces[i]));
        }
    }
    return format_table(rows);
}

}  // namespace

Outcome run_tokenize(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const auto until = deadline_of(options);
    const auto input = piped_input(context, invocation.words.empty(), until);
    if (!input) {
        return std::unexpected(input.error());
    }
    std::string text = compose_prompt(invocation.words, *input);
    if (text.empty()) {
        return fail_usage("nothing to tokenize; for example: threadrunner tokenize Hello there");
    }
    wire::Json request = make_model_request("tokenize", options, environment);
    request["text"] = std::move(text);
    return call_for_result(context, options, std::move(request), Reach::start, until, tokens_table);
}

}  // namespace threadrunner::cli
