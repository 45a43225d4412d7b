#include <unistd.h>

#include <memory>
#include <utility>

#include "cli/answer_shape.h"
#include "cli/chat/chat.h"
#include "cli/chat/pipe_lines.h"
#include "cli/chat/terminal_lines.h"
#include "cli/commands/commands.h"
#include "cli/consent.h"
#include "cli/daemon_address.h"
#include "cli/interrupts.h"
#include "cli/tool_offer.h"

namespace threadrunner::cli {
namespace {

Outcome chat_with_person(const Options& options, wire::Json shape, Context& context) {
    const auto address = find_daemon_address(options);
    if (!address) {
        return std::unexpected(address.error());
    }
    // The file of what was typed needs the home before the first daemon does. Where that fails the
    // daemon's start says why.
    static_cast<void>(create_home(address->home));
    auto lines = TerminalLines::open(HistoryFile(address->home.chat_history()));
    if (!lines) {
        return std::unexpected(lines.error());
    }
    const InterruptShield shield;
    return Chat(context, options, std::move(shape), **lines, true).run();
}

}  // namespace

Outcome run_chat(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    if (shape_takes_input(options)) {
        return fail_usage(
            "a chat reads its messages from stdin; give --schema or --grammar a file");
    }
    wire::Json shape = wire::Json::object();
    std::optional<std::string> no_input;
    if (auto read = add_answer_shape(shape, options, no_input); !read) {
        return std::unexpected(read.error());
    }
    if (auto offered = offer_tools(shape, options, can_ask(context.terminal)); !offered) {
        return std::unexpected(offered.error());
    }
    if (::isatty(STDIN_FILENO) == 1) {
        return chat_with_person(options, std::move(shape), context);
    }
    PipeLines lines(STDIN_FILENO);
    return Chat(context, options, std::move(shape), lines, false).run();
}

}  // namespace threadrunner::cli
