#include "cli/option_table.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/number.h"
#include "base/settings.h"
#include "base/text.h"
#include "base/tool_limits.h"
#include "cli/tool_words.h"

namespace threadrunner::cli {
namespace {

using enum Command;

constexpr CommandSet one_answer = command_set(ask);
constexpr CommandSet generation = command_set(ask, chat);
constexpr CommandSet on_a_model = command_set(ask, chat, embed, tokenize, detokenize, load, bench);
constexpr CommandSet on_a_target = on_a_model | command_set(unload);
constexpr CommandSet to_the_daemon =
    on_a_target | command_set(models, show, pull, rm, tool, tags, status, ps, cancel, stop, config);
constexpr CommandSet everywhere = ~CommandSet{0};

constexpr double tokens_max = 1 << 30;  // what the daemon takes
constexpr double logprobs_max = 64;     // the same
constexpr double streams_max = 1024;
constexpr double seconds_max = 3600;
constexpr auto timeout_max = std::chrono::hours(24 * 365);

std::unexpected<Error> refuse(const OptionSpec& spec, std::string_view wanted,
                              const std::string& value) {
    return fail(ErrorCode::invalid_request,
                std::string(spec.name) + " wants " + std::string(wanted) + ", not '" + value + "'");
}

std::string range_of(const OptionSpec& spec) {
    const bool open = spec.max == std::numeric_limits<double>::max();
    const auto text = [](double number) { return wire::encode_json(number); };
    const auto whole = [&](double number) {
        return number == static_cast<double>(static_cast<std::int64_t>(number))
                   ? std::to_string(static_cast<std::int64_t>(number))
                   : text(number);
    };
    return open ? "from " + whole(spec.min) : "from " + whole(spec.min) + " to " + whole(spec.max);
}

Result<void> number(Options& options, const OptionSpec& spec, const std::string& value) {
    const auto read = number_from<double>(value);
    if (!read || !(*read >= spec.min && *read <= spec.max)) {
        return refuse(spec, "a number " + range_of(spec), value);
    }
    options.request[spec.member()] = *read;
    return {};
}

Result<std::int64_t> whole_number(const OptionSpec& spec, const std::string& value) {
    const auto read = number_from<std::int64_t>(value);
    if (!read || static_cast<double>(*read) < spec.min || static_cast<double>(*read) > spec.max) {
        return refuse(spec, "a whole number " + range_of(spec), value);
    }
    return *read;
}

Result<void> integer(Options& options, const OptionSpec& spec, const std::string& value) {
    const auto read = whole_number(spec, value);
    if (!read) {
        return std::unexpected(read.error());
    }
    options.request[spec.member()] = *read;
    return {};
}

Result<void> text(Options& options, const OptionSpec& spec, const std::string& value) {
    options.request[spec.member()] = value;
    return {};
}

Result<void> more_text(Options& options, const OptionSpec& spec, const std::string& value) {
    if (value.empty()) {
        return refuse(spec, "a text at which to stop", value);
    }
    options.request[spec.member()].push_back(value);
    return {};
}

Result<void> request_flag(Options& options, const OptionSpec& spec, const std::string&) {
    options.request[spec.member()] = true;
    return {};
}

Result<void> keep_alive(Options& options, const OptionSpec& spec, const std::string& value) {
    if (auto parsed = parse_duration(value, spec.name); !parsed) {
        return std::unexpected(parsed.error());
    }
    return text(options, spec, value);
}

Result<void> priority(Options& options, const OptionSpec& spec, const std::string& value) {
    if (value != "interactive" && value != "batch") {
        return refuse(spec, "'interactive' or 'batch'", value);
    }
    return text(options, spec, value);
}

Result<void> timeout(Options& options, const OptionSpec& spec, const std::string& value) {
    const auto parsed = parse_duration(value, spec.name);
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    const bool for_ever = *parsed == std::chrono::milliseconds::max();
    if (parsed->count() == 0 || (*parsed > timeout_max && !for_ever)) {
        return refuse(spec, "a duration above 0 and up to a year (30, 5m)", value);
    }
    options.timeout.reset();
    if (!for_ever) {
        options.timeout = *parsed;
    }
    return {};
}

/// `off` is the model's matter, the others are how we show it.
Result<void> think(Options& options, const OptionSpec& spec, const std::string& value) {
    if (value == "show" || value == "hide") {
        options.think = value == "show" ? Think::show : Think::hide;
        return {};
    }
    if (value != "off") {
        return refuse(spec, "'show', 'hide' or 'off'", value);
    }
    options.request[spec.member()] = false;
    return {};
}

Result<void> lines(Options& options, const OptionSpec& spec, const std::string& value) {
    options.lines = number_from<std::size_t>(value);
    return options.lines ? Result<void>() : refuse(spec, "a whole number from 0", value);
}

Result<void> streams(Options& options, const OptionSpec& spec, const std::string& value) {
    const auto read = number_from<std::size_t>(value);
    if (!read || *read < 1 || static_cast<double>(*read) > spec.max) {
        return refuse(spec, "a whole number " + range_of(spec), value);
    }
    options.streams = read;
    return {};
}

Result<void> each_for(Options& options, const OptionSpec& spec, const std::string& value) {
    const auto read = number_from<double>(value);
    if (!read || !(*read >= spec.min && *read <= spec.max)) {
        return refuse(spec, "a number " + range_of(spec), value);
    }
    options.each_for =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(*read));
    return {};
}

Result<void> level(Options& options, const OptionSpec& spec, const std::string& value) {
    options.level = log::level_from(value);
    return options.level ? Result<void>()
                         : refuse(spec, "trace, debug, info, warn or error", value);
}

Result<void> since(Options& options, const OptionSpec& spec, const std::string& value) {
    const auto parsed = parse_duration(value, spec.name);
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    options.since.reset();
    if (*parsed != std::chrono::milliseconds::max()) {
        options.since = *parsed;
    }
    return {};
}

Result<void> setting(Options& options, const OptionSpec&, const std::string& value) {
    SettingsReading ignored;
    const std::vector<std::string> given = {value};
    if (auto applied = apply_flags(ignored, given); !applied) {
        return applied;
    }
    options.settings.push_back(value);
    return {};
}

Result<void> directory(Options& options, const OptionSpec&, const std::string& value) {
    auto grant = directory_grant(value);
    if (!grant) {
        return std::unexpected(grant.error());
    }
    options.directories.push_back(*std::move(grant));
    return {};
}

Result<void> tools(Options& options, const OptionSpec& spec, const std::string& value) {
    std::string_view rest = value;
    do {
        const std::string name(trimmed(take_entry(rest, ","), " "));
        if (name.empty()) {
            return refuse(spec, "names of tools, as in taglib,text (threadrunner tool lists them)",
                          value);
        }
        if (std::ranges::count(options.tools, name) == 0) {
            options.tools.push_back(name);
        }
    } while (!rest.empty());
    return {};
}

Result<void> tool_rounds(Options& options, const OptionSpec& spec, const std::string& value) {
    const auto read = whole_number(spec, value);
    if (!read) {
        return std::unexpected(read.error());
    }
    options.tool_rounds = *read;
    return {};
}

template <bool Options::* flag>
Result<void> set_flag(Options& options, const OptionSpec&, const std::string&) {
    options.*flag = true;
    return {};
}

template <std::optional<std::string> Options::* member>
Result<void> set_text(Options& options, const OptionSpec& spec, const std::string& value) {
    if (value.empty()) {
        return refuse(spec, "a value", value);
    }
    options.*member = value;
    return {};
}

constexpr std::array table = {
    OptionSpec{"--model", 'm', "MODEL", "a model's name, or a GGUF file", on_a_target,
               set_text<&Options::model>},
    OptionSpec{"--backend", '\0', "NAME", "llama (the default), upstream or dummy", on_a_target,
               set_text<&Options::backend>},
    OptionSpec{"--system", '\0', "TEXT", "how the model shall behave", generation, text},
    OptionSpec{"--max-tokens", '\0', "N", "the longest answer, in tokens",
               generation | command_set(bench), integer, 1, tokens_max},
    OptionSpec{"--temperature", '\0', "NUMBER", "0: always the likeliest token; 1: as trained",
               generation, number, 0, 100},
    OptionSpec{"--top-p", '\0', "NUMBER", "only the likeliest tokens, up to this probability",
               generation, number, 0, 1},
    OptionSpec{"--top-k", '\0', "N", "only the N likeliest tokens", generation, integer, 0,
               tokens_max},
    OptionSpec{"--min-p", '\0', "NUMBER", "only tokens at least this likely, to the likeliest",
               generation, number, 0, 1},
    OptionSpec{"--seed", '\0', "N", "the same seed gives the same answer again; -1: any",
               generation, integer, -1, 4294967295},
    OptionSpec{"--stop", '\0', "TEXT", "end the answer before this text; may be repeated",
               generation, more_text},
    OptionSpec{"--raw", '\0', "", "the prompt as it is, without the chat template", one_answer,
               request_flag},
    OptionSpec{"--schema", '\0', "FILE", "answer in JSON of this JSON schema; -: from stdin",
               generation, set_text<&Options::schema>},
    OptionSpec{"--grammar", '\0', "FILE", "answer by this grammar (GBNF); -: from stdin",
               generation, set_text<&Options::grammar>},
    OptionSpec{"--logprobs", '\0', "N",
               "with --json: each token's probability, and the N likeliest", one_answer, integer, 1,
               logprobs_max},
    OptionSpec{"--think", '\0', "HOW", "reasoning: show, hide, or off: do not think", generation,
               think},
    OptionSpec{"--tools", '\0', "NAME", "sandboxed tools that the model may call: taglib,text",
               generation | command_set(mcp), tools},
    OptionSpec{"--dir", '\0', "HOST::GUEST", "a directory for the tools; with :ro to read only",
               generation | command_set(tool, mcp), directory},
    OptionSpec{"--allow-writes", '\0', "", "the tools may change files without asking", generation,
               set_flag<&Options::allow_writes>},
    OptionSpec{"--tool-rounds", '\0', "N", "answer after N rounds with tools at most; 8 unless set",
               generation, tool_rounds, 1, limits::tool_rounds_max},
    OptionSpec{"--priority", '\0', "CLASS", "interactive (the default) or batch",
               command_set(ask, chat, embed), priority},
    OptionSpec{"--keep-alive", '\0', "DURATION", "how long the model stays loaded: 300, 5m, 2h, -1",
               command_set(ask, chat, embed, load), keep_alive},
    OptionSpec{"--timeout", '\0', "DURATION", "give up after this long, with exit code 4: 30, 5m",
               to_the_daemon | command_set(mcp), timeout},
    OptionSpec{"--json", '\0', "", "JSON for programs: events for ask and embed, else the result",
               (to_the_daemon & ~command_set(chat)) | command_set(version, logs, doctor, bench),
               set_flag<&Options::json>},
    OptionSpec{"--no-stream", '\0', "", "print the whole answer at its end", one_answer,
               set_flag<&Options::no_stream>},
    OptionSpec{"--follow", 'f', "", "go on with what comes", command_set(logs),
               set_flag<&Options::follow>},
    OptionSpec{"--lines", 'n', "N", "start with the last N lines", command_set(logs), lines},
    OptionSpec{"--job", '\0', "JOB", "only lines about this job", command_set(logs),
               set_text<&Options::job>},
    OptionSpec{"--level", '\0', "LEVEL", "only lines at least this bad: info, warn, error",
               command_set(logs), level},
    OptionSpec{"--since", '\0', "DURATION", "only lines from then on: 10m, 2h, 1d",
               command_set(logs), since},
    OptionSpec{"--name", '\0', "NAME", "what to call the model that comes",
               command_set(models, pull), set_text<&Options::name>},
    OptionSpec{"--sha256", '\0', "SUM", "what the file's SHA-256 must be", command_set(pull),
               set_text<&Options::sha256>},
    OptionSpec{"--read-only", '\0', "", "offer only what changes no file", command_set(mcp),
               set_flag<&Options::read_only>},
    OptionSpec{"--names", '\0', "", "only names and aliases, a line each, as completion wants them",
               command_set(models, tool), set_flag<&Options::names>},
    OptionSpec{"--yes", 'y', "", "delete without asking", command_set(models, rm),
               set_flag<&Options::yes>},
    OptionSpec{"--streams", '\0', "N", "answers at once", command_set(bench), streams, 1,
               streams_max},
    OptionSpec{"--seconds", '\0', "NUMBER", "how long each measurement is repeated",
               command_set(bench), each_for, 0, seconds_max},
    OptionSpec{"--set", '\0', "KEY=VALUE", "a setting of this daemon; may be repeated",
               command_set(serve), setting},
    OptionSpec{"--socket", '\0', "PATH", "the daemon's socket",
               to_the_daemon | command_set(mcp, serve, doctor), set_text<&Options::socket>},
    OptionSpec{"--home", '\0', "DIR", "the directory of models, logs and settings", everywhere,
               set_text<&Options::home>},
    OptionSpec{"--help", 'h', "", "help, also for one command: threadrunner logs --help",
               everywhere, set_flag<&Options::help>},
    OptionSpec{"--version", '\0', "", "the command 'version'", everywhere,
               set_flag<&Options::version>},
};

}  // namespace

std::string OptionSpec::member() const {
    std::string out(name.substr(2));
    std::ranges::replace(out, '-', '_');
    return out;
}

std::span<const OptionSpec> option_table() { return table; }

}  // namespace threadrunner::cli
