#include "cli/arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "cli/command_table.h"
#include "cli/nearest.h"
#include "cli/option_table.h"

namespace threadrunner::cli {
namespace {

struct Given {
    const OptionSpec* spec;
    std::vector<std::string> values;  ///< one each time; "true" for a flag
};

/// A command line cut into options and words.
struct Scanned {
    std::vector<Given> options;
    std::vector<std::string> words;
    bool marked = false;  ///< `--` stood before the first word
};

std::unexpected<Failure> unknown_option(const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string_view> names;
    std::ranges::transform(option_table(), std::back_inserter(names), &OptionSpec::name);
    const std::string_view meant = nearest(name, names, 3);
    const std::string remedy =
        meant.empty() ? "see threadrunner --help" : "did you mean " + std::string(meant) + "?";
    return fail_usage("there is no option " + name + "; " + remedy +
                      " (words of a prompt that begin with a dash go after --)");
}

/// CLI11 would take the next argument as the value of `--name=`.
std::vector<std::string> split_empty_values(std::vector<std::string> arguments) {
    std::vector<std::string> out;
    for (auto at = arguments.begin(); at != arguments.end(); ++at) {
        if (*at == "--") {
            std::move(at, arguments.end(), std::back_inserter(out));
            break;
        }
        if (at->size() > 3 && at->starts_with("--") && at->ends_with('=')) {
            at->pop_back();
            out.push_back(std::move(*at));
            out.emplace_back();
        } else {
            out.push_back(std::move(*at));
        }
    }
    return out;
}

std::expected<Scanned, Failure> sort_words(const std::vector<std::string>& rest) {
    Scanned out;
    bool after_mark = false;
    for (const std::string& word : rest) {
        if (!after_mark && word == "--") {
            after_mark = true;
            out.marked = out.words.empty();
        } else if (!after_mark && word.size() > 1 && word[0] == '-' &&
                   (word[1] < '0' || word[1] > '9')) {
            return unknown_option(word);
        } else {
            out.words.push_back(word);
        }
    }
    return out;
}

/// The options of the table, registered with CLI11, and what it found.
class OptionScanner {
public:
    OptionScanner() {
        app_.set_help_flag();
        app_.allow_extras();
        for (std::size_t i = 0; i < option_table().size(); ++i) {
            add(option_table()[i], values_[i]);
        }
    }

    std::expected<Scanned, Failure> scan(std::vector<std::string> arguments) {
        arguments = split_empty_values(std::move(arguments));
        const std::string last = arguments.empty() ? "" : arguments.back();
        std::ranges::reverse(arguments);  // the order in which CLI11 wants them
        try {
            app_.parse(std::move(arguments));
        } catch (const CLI::ArgumentMismatch&) {
            return fail_usage(last + " wants a value; see threadrunner --help");
        } catch (const CLI::Error& error) {
            return fail_usage(std::string(error.what()) + "; see threadrunner --help");
        }
        auto out = sort_words(app_.remaining());
        for (std::size_t i = 0; out && i < option_table().size(); ++i) {
            const OptionSpec& spec = option_table()[i];
            if (spec.is_flag() && std::ranges::any_of(values_[i], is_no_flag)) {
                return fail_usage(std::string(spec.name) + " takes no value");
            }
            if (!values_[i].empty()) {
                out->options.push_back({&spec, std::move(values_[i])});
            }
        }
        return out;
    }

private:
    static bool is_no_flag(const std::string& value) { return value != "true"; }

    void add(const OptionSpec& spec, std::vector<std::string>& values) {
        std::string names(spec.name);
        if (spec.letter != '\0') {
            names = std::string("-") + spec.letter + "," + names;
        }
        if (spec.is_flag()) {
            app_.add_flag(names, values);
        } else {
            // one value each time, taken as it is even where it looks like a list: "[a,b]"
            app_.add_option(names, values)->allow_extra_args(false);
        }
    }

    CLI::App app_;
    std::vector<std::vector<std::string>> values_ =
        std::vector<std::vector<std::string>>(option_table().size());
};

std::string commands_of(const OptionSpec& spec) {
    std::string out;
    for (const CommandSpec& command : command_table()) {
        if (contains(spec.commands, command.command)) {
            out += (out.empty() ? "" : ", ") + std::string(command.name);
        }
    }
    return out;
}

std::expected<Options, Failure> read_options(const std::vector<Given>& given) {
    Options options;
    for (const auto& [spec, values] : given) {
        for (const std::string& value : values) {
            if (auto applied = spec->apply(options, *spec, value); !applied) {
                return fail_usage(applied.error().message);
            }
        }
    }
    return options;
}

/// One word that is nearly a command: a prompt all the same, but perhaps a slip.
std::string doubt(const std::vector<std::string>& words) {
    if (words.size() != 1 || words[0].size() < 4) {
        return {};
    }
    std::vector<std::string_view> names;
    std::ranges::transform(command_table(), std::back_inserter(names), &CommandSpec::name);
    const std::string_view meant = nearest(words[0], names, 1);
    if (meant.empty()) {
        return {};
    }
    return "'" + words[0] + "' is taken as a prompt; the command is: threadrunner " +
           std::string(meant);
}

Invocation route(Scanned& scanned, Options options) {
    Invocation out{.words = std::move(scanned.words), .options = std::move(options)};
    if (out.options.version) {
        out.command = Command::version;
        return out;
    }
    const CommandSpec* named =
        scanned.marked || out.words.empty() ? nullptr : find_command(out.words[0]);
    if (out.options.help) {
        out.command = Command::help;
        out.words =
            named == nullptr ? std::vector<std::string>() : std::vector{std::string(named->name)};
    } else if (named != nullptr && named->fits(Words(out.words).subspan(1))) {
        out.command = named->command;
        out.words.erase(out.words.begin());
    } else if (!scanned.marked) {
        out.hint = doubt(out.words);
    }
    return out;
}

}  // namespace

std::expected<Invocation, Failure> route_arguments(std::vector<std::string> arguments) {
    auto scanned = OptionScanner().scan(std::move(arguments));
    if (!scanned) {
        return std::unexpected(scanned.error());
    }
    auto options = read_options(scanned->options);
    if (!options) {
        return std::unexpected(options.error());
    }
    Invocation out = route(*scanned, *std::move(options));
    if (out.command == Command::help || out.command == Command::version) {
        return out;
    }
    for (const Given& given : scanned->options) {
        if (!contains(given.spec->commands, out.command)) {
            return fail_usage(std::string(given.spec->name) + " does not belong to '" +
                              std::string(spec_of(out.command).name) +
                              "', but to: " + commands_of(*given.spec));
        }
    }
    return out;
}

}  // namespace threadrunner::cli
