#include "cli/help.h"

#include <string_view>

#include "cli/option_table.h"

namespace threadrunner::cli {
namespace {

constexpr std::string_view examples =
    R"(  threadrunner "Why is the sky blue?"
  git diff | threadrunner "Review this change" --max-tokens 300
  threadrunner -m ./my.gguf --system "Answer in French." Good morning
  threadrunner logs -f
)";

constexpr std::string_view environment_and_codes = R"(
Environment
  THREADRUNNER_MODEL_PATH  the model, where --model is not given
  THREADRUNNER_BACKEND     the backend, where --backend is not given
  THREADRUNNER_HOME        models, logs, settings and the socket; ~/.threadrunner
  THREADRUNNER_SOCKET      the daemon's socket, where --socket is not given
  THREADRUNNER_LOG         what the daemon logs: debug, or daemon=debug,engine=info
  HF_ENDPOINT, HF_TOKEN    the hub of 'pull hf:OWNER/NAME', and the token that it wants
  NO_COLOR                 no colours

Exit codes
  0 success   1 other errors   2 no connection   3 model   4 timeout   64 usage   130 interrupted
)";

constexpr std::size_t column = 30;

std::string padded(std::string text) {
    text.resize(text.size() < column ? column : text.size() + 1, ' ');
    return text;
}

std::string option_line(const OptionSpec& option) {
    std::string out = option.letter == '\0' ? "      " : std::string("  -") + option.letter + ", ";
    out += option.name;
    if (!option.is_flag()) {
        out += ' ';
        out += option.value;
    }
    return padded(std::move(out)) + std::string(option.help) + "\n";
}

}  // namespace

std::string help_text() {
    std::string out(examples);
    out += "\nUsage: threadrunner [OPTIONS] WORDS...\n       threadrunner COMMAND [OPTIONS]\n\n";
    out += "Commands (more: threadrunner help COMMAND)\n";
    for (const CommandSpec& command : command_table()) {
        out += padded("  " + std::string(command.name) + " " + std::string(command.usage)) +
               std::string(command.summary) + "\n";
    }
    out +=
        "\nA command's name is a command only where the rest fits it: 'threadrunner status' is "
        "one,\n"
        "'threadrunner status quo of physics' asks. 'ask' or '--' in front always asks.\n"
        "\nOptions (before or after the words)\n";
    for (const OptionSpec& option : option_table()) {
        out += option_line(option);
    }
    return out += environment_and_codes;
}

std::string help_text(const CommandSpec& command) {
    std::string out(command.details);
    out += "\n\nUsage: threadrunner " + std::string(command.name);
    out += (command.usage.empty() ? "" : " ") + std::string(command.usage) + "\n       ";
    out += std::string(command.summary) + "\n\nOptions\n";
    for (const OptionSpec& option : option_table()) {
        if (contains(option.commands, command.command)) {
            out += option_line(option);
        }
    }
    return out;
}

}  // namespace threadrunner::cli
