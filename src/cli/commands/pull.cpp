#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "base/paths.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/json_view.h"
#include "cli/pull_view.h"
#include "cli/request.h"

namespace threadrunner::cli {
namespace {

bool is_file(const std::string& source) {
    std::error_code error;
    return source.starts_with('/') || source.starts_with("./") || source.starts_with("../") ||
           std::filesystem::is_regular_file(source, error);
}

wire::Json pull_request(const std::string& source, const Options& options) {
    wire::Json request = make_request("pull", options);
    request["source"] = source;
    const auto add = [&](const char* member, const std::optional<std::string>& value) {
        if (value) {
            request[member] = *value;
        }
    };
    add("name", options.name);
    add("sha256", options.sha256);
    // of whoever asks: the daemon may have been started before they were set
    add("endpoint", environment("HF_ENDPOINT"));
    add("token", environment("HF_TOKEN"));
    return request;
}

}  // namespace

Outcome run_pull(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const std::string& source = invocation.words.at(0);
    if (is_file(source)) {
        Invocation add = invocation;
        add.words.insert(add.words.begin(), "add");
        return run_models(add, context);
    }
    Screen& screen = context.console.screen();
    const auto until = deadline_of(options);
    if (options.json) {
        JsonEventsView view(screen, context.terminal);
        const auto ending =
            call(context, options, pull_request(source, options), view, Reach::start, until);
        return ending ? exit_of(*ending) : std::unexpected(ending.error());
    }
    PullView view(screen, context.terminal, Clock::now());
    const auto ending =
        call(context, options, pull_request(source, options), view, Reach::start, until);
    if (!ending) {
        return std::unexpected(ending.error());
    }
    if (ending->how == Ending::How::interrupted) {
        screen.err("threadrunner: stopped; the same command goes on from here\n");
    }
    const auto exit = exit_of(*ending);
    if (exit == ExitCode::success) {
        screen.out(pulled_text(ending->done.result));
    }
    return exit;
}

}  // namespace threadrunner::cli
