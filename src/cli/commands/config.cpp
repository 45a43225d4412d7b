#include <chrono>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/settings_edit.h"
#include "base/settings_file.h"
#include "cli/answer_view.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/daemon_address.h"
#include "cli/request.h"
#include "cli/result.h"
#include "cli/safe_text.h"
#include "cli/settings_view.h"
#include "wire/settings_document.h"

namespace threadrunner::cli {
namespace {

using Document = std::expected<wire::Json, Failure>;

void print_json(Context& context, const wire::Json& document) {
    const std::string text = wire::encode_json(document);
    context.console.screen().out((context.terminal.out ? safe_json(text) : text) + "\n");
}

void note(Context& context, const std::string& text) {
    context.console.screen().err(
        "threadrunner: " + (context.terminal.err ? safe_text(text) : text) + "\n");
}

std::expected<bool, Failure> daemon_runs(const DaemonAddress& address) {
    auto socket = connect_running(address.socket, Clock::now() + limits::first_answer_within);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    return static_cast<bool>(*socket);
}

/// Of the daemon that runs, else of one that would be started from here.
Document settings_of(const Options& options, const DaemonAddress& address, Context& context) {
    const auto runs = daemon_runs(address);
    if (!runs) {
        return std::unexpected(runs.error());
    }
    if (!*runs) {
        const auto reading = read_settings(address.home, {});
        if (!reading) {
            return std::unexpected(reading.error());
        }
        return wire::settings_document(address.home.config_file(), *reading);
    }
    AnswerView view(context.console.screen(), context.terminal, Clock::now());
    auto ending = call(context, options, make_request("config", options), view, Reach::running_only,
                       deadline_of(options));
    if (!ending) {
        return std::unexpected(ending.error());
    }
    return std::move(ending->done.result);
}

Outcome show_all(const Options& options, const DaemonAddress& address, Context& context) {
    const auto document = settings_of(options, address, context);
    if (!document) {
        return std::unexpected(document.error());
    }
    if (options.json) {
        print_json(context, *document);
    } else {
        context.console.screen().out(settings_table_text(*document));
    }
    return ExitCode::success;
}

Outcome show_one(const std::string& key, const Options& options, const DaemonAddress& address,
                 Context& context) {
    const auto document = settings_of(options, address, context);
    if (!document) {
        return std::unexpected(document.error());
    }
    for (const wire::Json& setting : list_in(*document, "settings")) {
        if (text_in(setting, "key") == key) {
            const std::string value = text_in(setting, "value");
            if (options.json) {
                print_json(context, setting);
            } else {
                context.console.screen().out((context.terminal.out ? safe_text(value) : value) +
                                             "\n");
            }
            return ExitCode::success;
        }
    }
    return std::unexpected(Failure(ExitCode::unknown, "the daemon knows no setting '" + key + "'"));
}

/// What stands between a change of the file and its effect.
void explain_effect(const SettingRow& row, const DaemonAddress& address, Context& context) {
    const std::string variable = row.environment_name();
    if (environment(variable.c_str())) {
        note(context, variable + " is set and goes before the file");
    }
    const auto runs = daemon_runs(address);
    if (runs && *runs) {
        note(context, row.applies == Applies::restart
                          ? "the running daemon goes by it when it starts anew: threadrunner stop"
                          : "the running daemon goes by it after: threadrunner config reload");
    }
}

Outcome edit(const SettingRow& row, const TomlEdit& change, const DaemonAddress& address,
             Context& context) {
    if (auto created = create_home(address.home); !created) {
        return std::unexpected(created.error());
    }
    if (auto edited = edit_settings_file(address.home.config_file(), change); !edited) {
        return std::unexpected(edited.error());
    }
    explain_effect(row, address, context);
    return ExitCode::success;
}

Outcome reload(const Options& options, Context& context) {
    return call_for_result(context, options, make_request("reload", options), Reach::running_only,
                           deadline_of(options), reload_text);
}

}  // namespace

Outcome run_config(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const auto& words = invocation.words;
    const auto address = find_daemon_address(options);
    if (!address) {
        return std::unexpected(address.error());
    }
    if (words.empty()) {
        return show_all(options, *address, context);
    }
    if (words[0] == "path") {
        context.console.screen().out(address->home.config_file().string() + "\n");
        return ExitCode::success;
    }
    if (words[0] == "reload") {
        return reload(options, context);
    }
    const auto row = setting_row(words[1]);
    if (!row) {
        return fail_usage(row.error().message);
    }
    if (words[0] == "get") {
        return show_one(words[1], options, *address, context);
    }
    if (words[0] == "unset") {
        return edit(
            **row, [&](std::string_view text) { return without_setting(text, **row); }, *address,
            context);
    }
    if (words.size() != 3) {
        return fail_usage("write: threadrunner config set " + words[1] +
                          " VALUE (in quotes where it has blanks)");
    }
    Settings probe;
    if (auto valid = (*row)->set(probe, words[2]); !valid) {
        return fail_usage(valid.error().message);
    }
    return edit(
        **row, [&](std::string_view text) { return with_setting(text, **row, words[2]); }, *address,
        context);
}

}  // namespace threadrunner::cli
