#include <fcntl.h>

#include <cerrno>

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "base/unique_fd.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/input.h"
#include "cli/output_view.h"
#include "cli/request.h"
#include "cli/result.h"
#include "cli/safe_text.h"
#include "cli/tool_view.h"
#include "cli/tool_words.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;
using wire::Json;

Outcome ask(Context& context, const Options& options, Json request, const Render& render) {
    return call_for_result(context, options, std::move(request), Reach::start, deadline_of(options),
                           render);
}

Outcome install(const std::string& folder, const Options& options, Context& context) {
    Json request = make_request("install_tool", options);
    std::error_code error;
    const fs::path absolute = fs::absolute(folder, error);
    request["path"] = (error ? fs::path(folder) : absolute.lexically_normal()).string();
    return ask(context, options, std::move(request), installed_text);
}

Outcome remove(const std::string& tool, const Options& options, Context& context) {
    Json request = make_request("remove_tool", options);
    request["tool"] = tool;
    return ask(context, options, std::move(request), [](const Json& result) {
        return "removed " + safe_text(text_in(result, "tool")) + "\n";
    });
}

/// Runs one op, and shows what it gives: with --json on one line, else by `render`.
Outcome call_op(const std::string& tool, const std::string& op, Json args, const Options& options,
                Context& context, const Render& render) {
    Json request = make_request("call", options);
    request["tool"] = tool;
    request["name"] = op;
    request["args"] = std::move(args);
    if (!options.directories.empty()) {
        request["dirs"] = options.directories;
    }
    Screen& screen = context.console.screen();
    OutputView view(screen, context.terminal, Clock::now());
    const auto ending =
        call(context, options, std::move(request), view, Reach::start, deadline_of(options));
    if (!ending) {
        return std::unexpected(ending.error());
    }
    const auto exit = exit_of(*ending);
    if (exit == ExitCode::success) {
        const std::string shown =
            options.json ? wire::encode_json(view.output()) + "\n" : render(view.output());
        screen.out(context.terminal.out ? safe_text(shown) : shown);
    }
    return exit;
}

std::string indented(const Json& value) {
    constexpr int spaces = 2;
    return value.dump(spaces, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// The JSON in a file, or on stdin.
std::expected<Json, Failure> read_arguments(const std::string& file, const Options& options,
                                            Context& context) {
    std::string text;
    if (file == "-") {
        auto input = piped_input(context, true, deadline_of(options));
        if (!input) {
            return std::unexpected(input.error());
        }
        text = input->value_or("");
    } else {
        const UniqueFd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        auto input = opened ? read_input(opened.get(), {})
                            : fail_system(ErrorCode::invalid_request, "cannot read " + file, errno);
        if (!input) {
            return std::unexpected(input.error());
        }
        text = input->value_or("");
    }
    auto args = wire::decode_json(text);
    if (!args || !args->is_object()) {
        return fail_usage((file == "-" ? "standard input" : file) +
                          " must hold the op's arguments, a JSON object" +
                          (args ? "" : ": " + args.error().message));
    }
    return *std::move(args);
}

Outcome call_tool(Words words, const Options& options, Context& context) {
    const bool from_file = words.size() == 3 && words[2].find('=') == std::string::npos;
    std::expected<Json, Failure> args = Json();
    if (from_file) {
        args = read_arguments(words[2], options, context);
    } else if (auto given = call_arguments(words.subspan(2))) {
        args = *std::move(given);
    } else {
        return fail_usage(given.error().message);
    }
    if (!args) {
        return std::unexpected(args.error());
    }
    return call_op(words[0], words[1], *std::move(args), options, context, indented);
}

}  // namespace

Outcome run_tool(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const Words words(invocation.words);
    const std::string verb = words.empty() ? "list" : words[0];
    if (verb == "describe") {
        return call_op(words[1], "describe", Json::object(), options, context, tool_text);
    }
    if (verb == "install") {
        return install(words[1], options, context);
    }
    if (verb == "remove") {
        return remove(words[1], options, context);
    }
    if (verb == "call") {
        return call_tool(words.subspan(1), options, context);
    }
    if (options.names) {
        // completion must not start a daemon
        return call_for_result(context, options, make_request("tools", options),
                               Reach::running_only, deadline_of(options), tool_names);
    }
    return ask(context, options, make_request("tools", options), tools_table);
}

}  // namespace threadrunner::cli
