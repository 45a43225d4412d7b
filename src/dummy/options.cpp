#include "dummy/options.h"

#include <array>
#include <string_view>
#include <variant>

#include "base/number.h"

namespace threadrunner::dummy {
namespace {

using Member = std::variant<std::int64_t Options::*, double Options::*, bool Options::*>;

struct Row {
    std::string_view name;
    std::string_view value;  ///< how --help names the value; empty: a switch
    std::string_view meaning;
    Member member;
    std::int64_t min = 0;
};

constexpr std::array table = {
    Row{"slots", "N", "jobs at once (64)", &Options::slots, 1},
    Row{"tokens-per-second", "R", "speed of each answer; 0: as fast as possible",
        &Options::tokens_per_second},
    Row{"load-ms", "N", "time that op load takes", &Options::load_ms},
    Row{"prompt-ms", "N", "time that reading a prompt takes", &Options::prompt_ms},
    Row{"think", "N", "the first N words in a chat are reasoning", &Options::think},
    Row{"fail-at", "N", "an error in place of token N, counted from 1", &Options::fail_at},
    Row{"crash-at", "N", "abort in place of token N", &Options::crash_at},
    Row{"freeze-at", "N", "stop like SIGSTOP in place of token N", &Options::freeze_at},
    Row{"garbage-at", "N", "write bytes that are no frame in place of token N",
        &Options::garbage_at},
    Row{"stderr-lines", "N", "log lines written at the start", &Options::stderr_lines},
    Row{"mute", "", "never say hello", &Options::mute},
    Row{"deaf-to-cancel", "", "ignore op cancel", &Options::deaf_to_cancel},
    Row{"help", "", "show this text", &Options::help},
};

const Row* find_row(std::string_view name) {
    for (const Row& row : table) {
        if (row.name == name) {
            return &row;
        }
    }
    return nullptr;
}

std::unexpected<Error> bad_value(const Row& row, std::string_view text) {
    return fail(ErrorCode::invalid_request,
                "--" + std::string(row.name) + " takes a number of at least " +
                    std::to_string(row.min) + ", not '" + std::string(text) + "'");
}

template <class Number>
Result<void> set_number(Options& options, const Row& row, Number Options::* member,
                        std::string_view text) {
    const auto value = number_from<Number>(text);
    // Written so that NaN fails it.
    if (!value ||
        !(*value >= static_cast<Number>(row.min) && *value <= static_cast<Number>(1e12))) {
        return bad_value(row, text);
    }
    options.*member = *value;
    return {};
}

Result<void> set_switch(Options& options, const Row& row, bool Options::* member,
                        std::string_view text) {
    if (text != "1" && text != "0" && text != "true" && text != "false") {
        return fail(ErrorCode::invalid_request, "--" + std::string(row.name) +
                                                    " is a switch: true or false, not '" +
                                                    std::string(text) + "'");
    }
    options.*member = text == "1" || text == "true";
    return {};
}

Result<void> set(Options& options, const Row& row, std::string_view text) {
    if (const auto* flag = std::get_if<bool Options::*>(&row.member)) {
        return set_switch(options, row, *flag, text);
    }
    if (const auto* real = std::get_if<double Options::*>(&row.member)) {
        return set_number(options, row, *real, text);
    }
    return set_number(options, row, std::get<std::int64_t Options::*>(row.member), text);
}

}  // namespace

Result<Options> parse_options(std::span<const char* const> arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        const std::size_t equals = argument.find('=');
        const Row* row =
            argument.starts_with("--") ? find_row(argument.substr(0, equals).substr(2)) : nullptr;
        if (row == nullptr) {
            return fail(ErrorCode::invalid_request,
                        "unknown option '" + std::string(argument) + "'; see --help");
        }
        std::string_view text = "true";
        if (equals != std::string_view::npos) {
            text = argument.substr(equals + 1);
        } else if (!row->value.empty()) {
            if (++i == arguments.size()) {
                return fail(ErrorCode::invalid_request, std::string(argument) + " lacks its value");
            }
            text = arguments[i];
        }
        if (auto done = set(options, *row, text); !done) {
            return std::unexpected(done.error());
        }
    }
    return options;
}

std::string options_help() {
    std::string out =
        "threadrunner-dummy: the reference worker. threadrunner-daemon starts it and speaks with "
        "it\n"
        "on file descriptor 3; as a model's name, the same options: -m "
        "'crash_at=3,prompt_ms=50'.\n\n";
    for (const Row& row : table) {
        std::string left = "  --" + std::string(row.name) + " " + std::string(row.value);
        left.resize(26, ' ');
        out += left + std::string(row.meaning) + "\n";
    }
    return out;
}

}  // namespace threadrunner::dummy
