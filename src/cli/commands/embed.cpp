#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/paths.h"
#include "cli/answer_view.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/json_view.h"
#include "cli/request.h"

namespace threadrunner::cli {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        out.push_back(std::move(line));
    }
    return out;
}

}  // namespace

Outcome run_embed(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const auto until = deadline_of(options);
    std::vector<std::string> texts = invocation.words;
    if (texts.empty()) {
        const auto input = piped_input(context, true, until);
        if (!input) {
            return std::unexpected(input.error());
        }
        texts = lines_of(input->value_or(""));
    }
    if (texts.empty()) {
        return fail_usage("nothing to embed; for example: threadrunner embed \"a cat\" \"a dog\"");
    }
    wire::Json request = make_model_request("embed", options, environment);
    request["input"] = std::move(texts);
    Screen& screen = context.console.screen();
    const auto view = [&]() -> std::unique_ptr<View> {
        if (options.json) {
            return std::make_unique<JsonEventsView>(screen, context.terminal);
        }
        return std::make_unique<AnswerView>(screen, context.terminal, Clock::now());
    }();
    const auto ending = call(context, options, std::move(request), *view, Reach::start, until);
    if (!ending) {
        return std::unexpected(ending.error());
    }
    return exit_of(*ending);
}

}  // namespace threadrunner::cli
