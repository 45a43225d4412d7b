#include "cli/completion.h"

#include <utility>

#include "base/settings.h"
#include "cli/command_table.h"
#include "cli/option_table.h"

namespace threadrunner::cli {
namespace {

/// The scripts; what stands between percent signs comes from the tables.
constexpr std::string_view bash_template = R"(# bash completion for threadrunner
# not by compgen -W, which would run what a file's name has in $( )
_threadrunner_names() {
    local name
    while IFS= read -r name; do
        [[ $name == "$2"* ]] && COMPREPLY+=("$name")
    done < <("${COMP_WORDS[0]}" "$1" --names 2>/dev/null)
}
_threadrunner_models() { _threadrunner_names models "$1"; }
_threadrunner_tools() { _threadrunner_names tool "$1"; }
_threadrunner() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    COMPREPLY=()
    case $before in
%VALUES%
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    config) COMPREPLY=($(compgen -W "get set unset path reload" -- "$word")); return ;;
    get|set|unset)
        if [[ ${COMP_WORDS[1]} == models ]]; then
            _threadrunner_models "$word"
            return
        elif [[ ${COMP_WORDS[1]} == config ]]; then
            COMPREPLY=($(compgen -W "%SETTINGS%" -- "$word"))
            return
        fi ;;
    help) COMPREPLY=($(compgen -W "%COMMANDS%" -- "$word")); return ;;
    load|bench) COMPREPLY=($(compgen -f -- "$word")); _threadrunner_models "$word"; return ;;
    show|rm|unload) _threadrunner_models "$word"; return ;;
    models) COMPREPLY=($(compgen -W "add alias default set show rm" -- "$word")); return ;;
    tool) COMPREPLY=($(compgen -W "list describe install remove call" -- "$word")); return ;;
    describe|remove|call) [[ ${COMP_WORDS[1]} == tool ]] && _threadrunner_tools "$word"; return ;;
    install) [[ ${COMP_WORDS[1]} == tool ]] && COMPREPLY=($(compgen -d -- "$word")); return ;;
    add) [[ ${COMP_WORDS[1]} == models ]] && COMPREPLY=($(compgen -f -- "$word")); return ;;
    alias|default) [[ ${COMP_WORDS[1]} == models ]] && _threadrunner_models "$word"; return ;;
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "%OPTIONS%" -- "$word"))
    elif [[ ${COMP_WORDS[1]} == tags ]] && ((COMP_CWORD > 1)); then
        COMPREPLY=($(compgen -f -- "$word"))
    elif ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "%COMMANDS%" -- "$word"))
    fi
}
complete -o filenames -F _threadrunner threadrunner
)";

constexpr std::string_view zsh_template = R"(#compdef threadrunner
_threadrunner_models() {
    local -a names
    names=("${(@f)$(threadrunner models --names 2>/dev/null)}")
    compadd "$@" -a names
}
_threadrunner_tools() {
    local -a names
    names=("${(@f)$(threadrunner tool --names 2>/dev/null)}")
    compadd "$@" -a names
}
_threadrunner_models_and_files() {
    _threadrunner_models "$@"
    _files
}
_threadrunner() {
    local -a commands=(
%COMMANDS%
    )
    _arguments -S \
%OPTIONS%
        '1:command:->first' '*::words:->rest'
    case $state in
    first) _describe command commands ;;
    rest)
        case $words[1] in
        completion) compadd bash zsh fish ;;
        config)
            if ((CURRENT == 2)); then
                compadd get set unset path reload
            elif ((CURRENT == 3)); then
                compadd %SETTINGS%
            fi ;;
        help) _describe command commands ;;
        load|bench) _threadrunner_models_and_files ;;
        unload|show|rm) _threadrunner_models ;;
        tags) _files ;;
        tool)
            if ((CURRENT == 2)); then
                compadd list describe install remove call
            elif ((CURRENT == 3)) && [[ $words[2] == (describe|remove|call) ]]; then
                _threadrunner_tools
            else
                _files
            fi ;;
        models)
            if ((CURRENT == 2)); then
                compadd add alias default set show rm
            elif [[ $words[2] == add ]]; then
                _files
            elif ((CURRENT == 3)); then
                _threadrunner_models
            fi ;;
        esac ;;
    esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _threadrunner "$@"
else
    compdef _threadrunner threadrunner
fi
)";

constexpr std::string_view fish_template = R"(# fish completion for threadrunner
complete -c threadrunner -f
%COMMANDS%
%OPTIONS%
complete -c threadrunner -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
complete -c threadrunner -n '__fish_seen_subcommand_from help' -a '%NAMES%'
complete -c threadrunner -n '__fish_seen_subcommand_from load bench add tags tool' -F
complete -c threadrunner -n '__fish_seen_subcommand_from tool' \
    -a 'list describe install remove call'
complete -c threadrunner -n '__fish_seen_subcommand_from describe remove call' \
    -a '(threadrunner tool --names 2>/dev/null)'
complete -c threadrunner -n '__fish_seen_subcommand_from models' -a 'add alias default set show rm'
complete -c threadrunner -n '__fish_seen_subcommand_from load bench unload show rm alias default' \
    -a '(threadrunner models --names 2>/dev/null)'
complete -c threadrunner -n '__fish_seen_subcommand_from config' -a 'get set unset path reload'
complete -c threadrunner -n '__fish_seen_subcommand_from get set unset' -a '%SETTINGS%'
)";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
        text.replace(at, what.size(), with);
    }
    return text;
}

/// Text between single quotes of a shell.
std::string in_quotes(std::string_view text) {
    return "'" + replaced(std::string(text), "'", "'\\''") + "'";
}

constexpr std::string_view model_option = "--model";
constexpr std::string_view tools_option = "--tools";

bool takes_file(const OptionSpec& option) {
    return option.name == "--model" || option.name == "--socket" || option.name == "--home" ||
           option.name == "--schema" || option.name == "--grammar";
}

std::string_view choices_of(const OptionSpec& option) {
    constexpr std::pair<std::string_view, std::string_view> choices[] = {
        {"--backend", "llama upstream dummy"},
        {"--level", "trace debug info warn error"},
        {"--priority", "interactive batch"},
        {"--think", "show hide off"},
    };
    for (const auto& [name, words] : choices) {
        if (name == option.name) {
            return words;
        }
    }
    return {};
}

/// What `text_of` makes of each row, a separator between.
template <class Rows, class TextOf>
std::string joined(const Rows& rows, std::string_view separator, TextOf text_of) {
    std::string out;
    for (const auto& row : rows) {
        const std::string text(text_of(row));
        out += text.empty() || out.empty() ? "" : separator;
        out += text;
    }
    return out;
}

std::string command_names() {
    return joined(command_table(), " ", [](const CommandSpec& command) { return command.name; });
}

std::string bash_value(const OptionSpec& option) {
    if (option.is_flag()) {
        return {};
    }
    const std::string letter = option.letter == '\0' ? "" : std::string("-") + option.letter + "|";
    const std::string names = option.name == model_option   ? " _threadrunner_models \"$word\";"
                              : option.name == tools_option ? " _threadrunner_tools \"$word\";"
                                                            : "";
    const std::string source =
        takes_file(option) ? "-f" : "-W \"" + std::string(choices_of(option)) + "\"";
    return "    " + letter + std::string(option.name) + ") COMPREPLY=($(compgen " + source +
           " -- \"$word\"));" + names + " return ;;";
}

std::string bash_script() {
    std::string out(bash_template);
    out = replaced(out, "%VALUES%", joined(option_table(), "\n", bash_value));
    out =
        replaced(out, "%OPTIONS%",
                 joined(option_table(), " ", [](const OptionSpec& option) { return option.name; }));
    return replaced(out, "%COMMANDS%", command_names());
}

std::string zsh_option(const OptionSpec& option) {
    std::string help(option.help);
    for (const std::string_view special : {":", "[", "]"}) {
        help = replaced(help, special, "\\" + std::string(special));
    }
    std::string value;
    if (option.name == model_option) {
        value = ":" + std::string(option.value) + ":_threadrunner_models_and_files";
    } else if (option.name == tools_option) {
        value = ":" + std::string(option.value) + ":_threadrunner_tools";
    } else if (takes_file(option)) {
        value = ":" + std::string(option.value) + ":_files";
    } else if (!option.is_flag()) {
        const std::string choices(choices_of(option));
        value =
            ":" + std::string(option.value) + ":" + (choices.empty() ? " " : "(" + choices + ")");
    }
    const std::string name(option.name);
    const std::string spelling = option.letter == '\0'
                                     ? in_quotes(name)
                                     : std::string("{-") + option.letter + "," + name + "}";
    return "        " + spelling + in_quotes("[" + help + "]" + value) + " \\";
}

std::string zsh_script() {
    const auto command_line = [](const CommandSpec& command) {
        return "        " +
               in_quotes(std::string(command.name) + ":" + std::string(command.summary));
    };
    std::string out(zsh_template);
    out = replaced(out, "%COMMANDS%", joined(command_table(), "\n", command_line));
    return replaced(out, "%OPTIONS%", joined(option_table(), "\n", zsh_option));
}

std::string fish_option(const OptionSpec& option) {
    std::string out = "complete -c threadrunner -l " + std::string(option.name.substr(2));
    if (option.letter != '\0') {
        out += std::string(" -s ") + option.letter;
    }
    if (!option.is_flag()) {
        out += takes_file(option) ? " -r -F" : " -x";
    }
    if (option.name == model_option) {
        out += " -a '(threadrunner models --names 2>/dev/null)'";
    } else if (option.name == tools_option) {
        out += " -a '(threadrunner tool --names 2>/dev/null)'";
    } else if (const auto choices = choices_of(option); !choices.empty()) {
        out += " -a " + in_quotes(choices);
    }
    return out + " -d " + in_quotes(option.help);
}

std::string fish_script() {
    const auto command_line = [](const CommandSpec& command) {
        return "complete -c threadrunner -n __fish_use_subcommand -a " + std::string(command.name) +
               " -d " + in_quotes(command.summary);
    };
    std::string out(fish_template);
    out = replaced(out, "%COMMANDS%", joined(command_table(), "\n", command_line));
    out = replaced(out, "%OPTIONS%", joined(option_table(), "\n", fish_option));
    return replaced(out, "%NAMES%", command_names());
}

}  // namespace

std::string completion_script(std::string_view shell) {
    const std::string script = shell == "zsh"    ? zsh_script()
                               : shell == "fish" ? fish_script()
                                                 : bash_script();
    return replaced(script, "%SETTINGS%",
                    joined(settings_table(), " ", [](const SettingRow& row) { return row.key; }));
}

}  // namespace threadrunner::cli
