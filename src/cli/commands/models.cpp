#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/daemon_address.h"
#include "cli/model_view.h"
#include "cli/request.h"
#include "cli/result.h"
#include "cli/safe_text.h"
#include "gguf/split_name.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

Outcome ask(Context& context, const Options& options, wire::Json request, const Render& render) {
    return call_for_result(context, options, std::move(request), Reach::start, deadline_of(options),
                           render);
}

Outcome list(const Options& options, Context& context) {
    const auto address = find_daemon_address(options);
    if (!address) {
        return std::unexpected(address.error());
    }
    return ask(context, options, make_request("models", options), [&](const wire::Json& result) {
        return models_table(result, address->home.models());
    });
}

/// The names of the files, for a daemon that does not run: completion must not start one.
wire::Json names_of_files(const fs::path& folder) {
    wire::Json models = wire::Json::array();
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const fs::path file = it->path().filename();
        const auto split = gguf::parse_split_name(file.string());
        if (file.extension() == ".gguf" && (!split || split->part == 1)) {
            models.push_back({{"name", split ? split->prefix : file.stem().string()}});
        }
    }
    return {{"models", std::move(models)}};
}

Outcome list_names(const Options& options, Context& context) {
    const auto address = find_daemon_address(options);
    if (!address) {
        return std::unexpected(address.error());
    }
    const auto socket =
        connect_running(address->socket, Clock::now() + limits::first_answer_within);
    if (socket && !*socket) {
        context.console.screen().out(model_names(names_of_files(address->home.models())));
        return ExitCode::success;
    }
    wire::Json request = make_request("models", options);
    request["names"] = true;
    return call_for_result(context, options, std::move(request), Reach::running_only,
                           deadline_of(options), model_names);
}

Outcome add(const std::string& file, const Options& options, Context& context) {
    wire::Json request = make_request("add", options);
    std::error_code error;
    const fs::path absolute = fs::absolute(file, error);
    request["path"] = (error ? fs::path(file) : absolute.lexically_normal()).string();
    if (options.name) {
        request["name"] = *options.name;
    }
    return ask(context, options, std::move(request), [](const wire::Json& result) {
        return "added " + safe_text(text_in(result, "name")) + "\n";
    });
}

Outcome add_alias(const std::string& model, const std::string& alias, const Options& options,
                  Context& context) {
    wire::Json request = make_request("alias", options);
    request["model"] = model;
    request["alias"] = alias;
    return ask(context, options, std::move(request), [&](const wire::Json&) {
        return safe_text(alias) + " is another name for " + safe_text(model) + "\n";
    });
}

Outcome choose(const std::string& model, const Options& options, Context& context) {
    wire::Json request = make_request("choose", options);
    request["model"] = resolve_model(model);
    return ask(context, options, std::move(request), [&](const wire::Json& result) {
        const std::string instead = text_in(result, "instead");
        return "the default model is " + safe_text(model) +
               (instead.empty() ? "" : ", but " + safe_text(instead)) + "\n";
    });
}

/// A file as the daemon, which works elsewhere, understands it; PATH=SCALE of an adapter, too.
std::string absolute_value(const std::string& key, const std::string& value) {
    const bool is_file = key == "adapters" || key == "draft" || key == "template";
    const std::size_t equals = key == "adapters" ? value.rfind('=') : std::string::npos;
    return is_file ? resolve_model(value.substr(0, equals)) +
                         (equals == std::string::npos ? "" : value.substr(equals))
                   : value;
}

Outcome adjust(const std::vector<std::string>& words, const Options& options, Context& context) {
    wire::Json request = make_request("adjust", options);
    request["model"] = words[1];
    wire::Json& values = request["values"] = wire::Json::object();
    for (std::size_t i = 2; i < words.size(); ++i) {
        const std::size_t equals = words[i].find('=');
        const std::string key = words[i].substr(0, equals);
        const std::string value = words[i].substr(equals + 1);
        wire::Json& list = values[key];
        if (list.is_null()) {
            list = wire::Json::array();
        }
        if (!value.empty()) {
            list.push_back(absolute_value(key, value));
        }
    }
    return ask(context, options, std::move(request), [&](const wire::Json&) {
        return "set; it applies to requests now, and to the model when it is loaded anew\n";
    });
}

}  // namespace

Outcome run_models(const Invocation& invocation, Context& context) {
    const auto& words = invocation.words;
    const Options& options = invocation.options;
    if (words.empty()) {
        return options.names ? list_names(options, context) : list(options, context);
    }
    Invocation shorter = invocation;
    shorter.words.erase(shorter.words.begin());
    if (words[0] == "add") {
        return add(words[1], options, context);
    }
    if (words[0] == "alias") {
        return add_alias(words[1], words[2], options, context);
    }
    if (words[0] == "default") {
        return choose(words[1], options, context);
    }
    if (words[0] == "set") {
        return adjust(words, options, context);
    }
    return words[0] == "rm" ? run_rm(shorter, context) : run_show(shorter, context);
}

}  // namespace threadrunner::cli
