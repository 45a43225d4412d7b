#include "cli/chat/slash_command.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "base/text.h"
#include "cli/nearest.h"

namespace threadrunner::cli {
namespace {

constexpr std::string_view blanks = " \t\n";

constexpr std::array table = {
    SlashSpec{Slash::model, "/model", "[NAME]",
              "answer with another model from now on; alone: which one it is"},
    SlashSpec{Slash::system, "/system", "[TEXT]",
              "how the model shall behave from now on; alone: no such text any more"},
    SlashSpec{Slash::save, "/save", "FILE",
              "write the conversation, as Markdown or, to a FILE.json, as messages"},
    SlashSpec{Slash::clear, "/clear", "", "begin anew: the model forgets what was said"},
    SlashSpec{Slash::retry, "/retry", "", "ask the last question again"},
    SlashSpec{Slash::help, "/help", "", "show this"},
    SlashSpec{Slash::quit, "/quit", "", "leave, as Ctrl-D does"},
};

std::unexpected<Error> unknown(std::string_view name) {
    std::vector<std::string_view> names;
    std::ranges::transform(table, std::back_inserter(names), &SlashSpec::name);
    const std::string_view meant = nearest(name, names, 3);
    return fail(
        ErrorCode::invalid_request,
        "there is no command " + std::string(name) +
            (meant.empty() ? "; /help lists them" : "; did you mean " + std::string(meant) + "?") +
            " (a message that begins with a slash begins with two)");
}

}  // namespace

std::span<const SlashSpec> slash_table() { return table; }

Result<std::optional<SlashCommand>> read_slash_command(std::string_view turn) {
    if (!turn.starts_with('/') || turn.starts_with("//")) {
        return std::nullopt;
    }
    const std::string_view name = turn.substr(0, turn.find_first_of(blanks));
    const std::string_view value = trimmed(turn.substr(name.size()), blanks);
    const auto* spec = std::ranges::find(table, name, &SlashSpec::name);
    if (spec == table.end()) {
        return unknown(name);
    }
    if (spec->value.empty() && !value.empty()) {
        return fail(ErrorCode::invalid_request, std::string(name) + " takes nothing after it");
    }
    if (value.empty() && !spec->value.empty() && !spec->value.starts_with('[')) {
        return fail(ErrorCode::invalid_request, std::string(name) +
                                                    " wants a value: " + std::string(name) + " " +
                                                    std::string(spec->value));
    }
    return SlashCommand{.slash = spec->slash, .value = std::string(value)};
}

}  // namespace threadrunner::cli
