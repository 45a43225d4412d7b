#include <memory>
#include <utility>

#include "base/paths.h"
#include "cli/answer_shape.h"
#include "cli/answer_view.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/consent.h"
#include "cli/json_view.h"
#include "cli/request.h"
#include "cli/tool_offer.h"

namespace threadrunner::cli {
namespace {

std::unique_ptr<View> make_view(const Options& options, Context& context) {
    Screen& screen = context.console.screen();
    if (options.json && options.no_stream) {
        return std::make_unique<JsonSummaryView>(screen, context.terminal);
    }
    if (options.json) {
        return std::make_unique<JsonEventsView>(screen, context.terminal);
    }
    return std::make_unique<AnswerView>(
        screen, context.terminal, Clock::now(),
        AnswerView::Manner{.pace = options.no_stream ? AnswerView::Pace::at_the_end
                                                     : AnswerView::Pace::as_it_comes,
                           .think = options.think});
}

}  // namespace

Outcome run_ask(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const auto until = deadline_of(options);
    if (options.request.contains("logprobs") && !options.json) {
        return fail_usage("--logprobs has its numbers in events: add --json");
    }
    wire::Json request = make_model_request("generate", options, environment);
    const bool asks = !options.json && can_ask(context.terminal);
    if (auto offered = offer_tools(request, options, asks); !offered) {
        return std::unexpected(offered.error());
    }
    auto input =
        piped_input(context, invocation.words.empty() || shape_takes_input(options), until);
    if (!input) {
        return std::unexpected(input.error());
    }
    if (auto shaped = add_answer_shape(request, options, *input); !shaped) {
        return std::unexpected(shaped.error());
    }
    std::string prompt = compose_prompt(invocation.words, *input);
    if (prompt.empty()) {
        return fail_usage(
            "nothing to ask; for example: threadrunner \"Why is the sky blue?\" (more: "
            "threadrunner --help)");
    }
    request["prompt"] = std::move(prompt);
    const auto view = make_view(options, context);
    const auto ending = call(context, options, std::move(request), *view, Reach::start, until);
    if (!ending) {
        return std::unexpected(ending.error());
    }
    return exit_of(*ending);
}

}  // namespace threadrunner::cli
