#include "cli/command_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <vector>

#include "base/settings.h"
#include "cli/nearest.h"

namespace threadrunner::cli {
namespace {

bool anything(Words) { return true; }
bool nothing(Words arguments) { return arguments.empty(); }
bool one_at_most(Words arguments) { return arguments.size() <= 1; }

bool is_number(const std::string& word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

bool numbers(Words arguments) { return std::ranges::all_of(arguments, is_number); }

/// Job ids look like j17: `cancel culture` is a prompt.
bool a_job(Words arguments) {
    return arguments.size() == 1 && arguments[0].starts_with('j') &&
           is_number(arguments[0].substr(1));
}

bool a_shell(Words arguments) {
    constexpr std::array<std::string_view, 3> shells = {"bash", "zsh", "fish"};
    return arguments.size() == 1 && std::ranges::count(shells, arguments[0]) == 1;
}

/// Looks like a setting, if perhaps a misspelt one: `config set up a router` is a prompt.
bool is_setting(const std::string& word) {
    std::vector<std::string_view> keys;
    std::ranges::transform(settings_table(), std::back_inserter(keys), &SettingRow::key);
    return word.find('.') != std::string::npos || !nearest(word, keys, 2).empty();
}

bool a_configuration(Words arguments) {
    if (arguments.size() < 2) {
        return arguments.empty() || arguments[0] == "path" || arguments[0] == "reload";
    }
    const bool one = arguments[0] == "get" || arguments[0] == "unset";
    return (arguments[0] == "set" || (one && arguments.size() == 2)) && is_setting(arguments[1]);
}

bool one_word(Words arguments) { return arguments.size() == 1; }

bool an_assignment(const std::string& word) {
    const std::size_t equals = word.find('=');
    return equals != std::string::npos && equals > 0;
}

/// `models of cars` is a prompt.
bool about_models(Words arguments) {
    if (arguments.size() < 2) {
        return arguments.empty();
    }
    const std::string& verb = arguments[0];
    if (verb == "set") {
        return arguments.size() > 2 && std::ranges::all_of(arguments.subspan(2), an_assignment);
    }
    if (verb == "alias") {
        return arguments.size() == 3;
    }
    constexpr std::array<std::string_view, 4> verbs = {"add", "default", "show", "rm"};
    return arguments.size() == 2 && std::ranges::count(verbs, verb) == 1;
}

/// `tool up for the job` is a prompt.
bool about_tools(Words arguments) {
    if (arguments.size() < 2) {
        return arguments.empty() || arguments[0] == "list";
    }
    if (arguments[0] == "call") {
        return arguments.size() == 3 || arguments.size() == 4 ||
               (arguments.size() > 4 && std::ranges::all_of(arguments.subspan(3), an_assignment));
    }
    constexpr std::array<std::string_view, 3> verbs = {"describe", "install", "remove"};
    return arguments.size() == 2 && std::ranges::count(verbs, arguments[0]) == 1;
}

bool may_be_file(const std::string& word) {
    std::error_code error;
    return word.find('/') != std::string::npos || word.find('.') != std::string::npos ||
           std::filesystem::exists(word, error);
}

/// `tags of my photos` is a prompt.
bool about_tags(Words arguments) {
    if (!arguments.empty() && arguments[0] == "set") {
        arguments = arguments.subspan(1);
        const auto files = std::ranges::find_if_not(arguments, an_assignment);
        const auto changes = static_cast<std::size_t>(files - arguments.begin());
        return changes > 0 && std::ranges::all_of(arguments.subspan(changes), may_be_file);
    }
    return !arguments.empty() && std::ranges::all_of(arguments, may_be_file);
}

bool a_command(Words arguments) {
    return arguments.empty() || (arguments.size() == 1 && find_command(arguments[0]) != nullptr);
}

constexpr std::array commands = {
    CommandSpec{Command::ask, "ask", "WORDS...", "ask a model; the word 'ask' may be left out",
                R"(  threadrunner ask status             the word as a prompt, not the command
  threadrunner -- stop talking        the same, shorter
  git diff | threadrunner "Review this change"
  threadrunner --json Hello           events, one JSON document a line
  threadrunner --json --no-stream Hi  one JSON document: text, reason, usage, timings
  threadrunner --tools text --dir .::/here:ro "How many words has /here/notes.txt?"

The words, joined by blanks, are the prompt. What comes in by a pipe or a file follows them after a
blank line. The answer alone goes to stdout and ends in a line break; progress goes to stderr, only
on a terminal. When the reader of stdout goes away (| head) the job is cancelled, with exit code 0.
Ctrl-C cancels the job too, with 130.

With --tools the model may call sandboxed tools, which see only the directories of their own and of
--dir. They change a file only after your yes at the terminal, or with --allow-writes.)",
                anything},
    CommandSpec{Command::chat, "chat", "", "talk with a model, which remembers what was said",
                R"(  threadrunner chat                   /help lists its commands, Ctrl-D leaves
  threadrunner chat -m ./my.gguf --system "Answer in French."
  threadrunner chat --tools taglib --dir ~/Music::/music
  threadrunner chat < questions.txt   each line a message, the answers on stdout

A line that ends in a backslash goes on in the next; """ begins and ends a message of several lines.
Ctrl-C stops an answer, not the chat. The whole conversation goes to the model with each message.)",
                nothing},
    CommandSpec{Command::embed, "embed", "[TEXT...]", "turn texts into vectors",
                R"(  threadrunner embed "a cat" "a dog"  two vectors, one JSON array a line
  threadrunner embed < lines.txt      a vector for each line)",
                anything},
    CommandSpec{
        Command::tokenize, "tokenize", "[WORDS...]", "show the tokens of a text",
        R"(  threadrunner tokenize Hello there   one token a line: its number, its piece of the text
  threadrunner tokenize --json < essay.txt)",
        anything},
    CommandSpec{Command::detokenize, "detokenize", "[NUMBER...]", "turn tokens into text",
                R"(  threadrunner detokenize 9259 993
  echo 9259 993 | threadrunner detokenize)",
                numbers},
    CommandSpec{Command::models, "models", "[add|alias|default|set|show|rm]",
                "list the models that are there, and look after them",
                R"(  threadrunner models
  threadrunner models --json | jq -r '.models[].name'
  threadrunner models add ./my.gguf --name mine   use a file where it lies
  threadrunner models alias mine m                one more name
  threadrunner models default mine                what is asked where no model is named
  threadrunner models set mine context=8192 temperature=0.2
  threadrunner models set mine temperature=       as it was
  threadrunner models set mine stop="###" stop="User:" adapters=./lora.gguf=0.5
  threadrunner models rm m                        a model, or only the alias

Names, aliases and defaults are in models.toml of the home, which may be edited by hand; what can be
set is in docs/models.md. A * marks the default model. MEMORY is what loading it will take.)",
                about_models},
    CommandSpec{Command::show, "show", "MODEL", "what a model is, and how it is used",
                R"(  threadrunner show gemma-3-270m
  threadrunner show gemma-3-270m --json | jq -r .template)",
                one_word},
    CommandSpec{Command::pull, "pull", "SOURCE", "fetch a model, or take in a file",
                R"(  threadrunner pull https://HOST/PATH/my.gguf
  threadrunner pull hf:OWNER/NAME           its only model, or its Q4_K_M
  threadrunner pull hf:OWNER/NAME:Q8_0      a quantisation, or a file's name
  threadrunner pull ./my.gguf               use a file where it lies

hf: is the hub that HF_ENDPOINT names; HF_TOKEN is its token. Ctrl-C stops it, and so does a broken
connection in the end: what came is kept, and the same command goes on from there. It is a model
once all of it is there, has the right SHA-256 where that is known, and is sound.)",
                one_word},
    CommandSpec{Command::rm, "rm", "MODEL", "delete a model, or forget one that lies elsewhere",
                R"(  threadrunner rm gemma-3-270m        asks first
  threadrunner rm gemma-3-270m --yes

A file in models/ is deleted; one that was added in place is only forgotten; of an alias only that
name goes. A model that is loaded is kept: threadrunner unload comes first.)",
                one_word},
    CommandSpec{Command::load, "load", "[MODEL]", "load a model before it is needed",
                R"(  threadrunner load                   the default model
  threadrunner load gemma-3-270m --keep-alive 1h
  threadrunner load ./my.gguf)",
                one_at_most},
    CommandSpec{Command::unload, "unload", "[MODEL]",
                "give a model's memory back; without MODEL, of all idle ones",
                R"(  threadrunner unload gemma-3-270m
  threadrunner unload                 every model that is idle
  threadrunner unload --backend dummy)",
                one_at_most},
    CommandSpec{Command::tool, "tool", "[list|describe|install|remove|call]",
                "list sandboxed tools, look after them, and call them",
                R"(  threadrunner tool                   which there are, and what they may touch
  threadrunner tool describe text     its ops and their arguments
  threadrunner tool install ./mine    a folder with a tool.toml and its module
  threadrunner tool remove mine
  threadrunner tool call text word_count path=notes.txt --dir .::/w:ro
  threadrunner tool call taglib write_tags args.json --dir ~/Music::/music
  echo '{"path":"/w/notes.txt"}' | threadrunner tool call text word_count - --dir .::/w:ro

An argument is KEY=VALUE, and a value is JSON where it can be read so (7, true, [1,2]); several of
one KEY make a list. A file of JSON, or - for stdin, alone behind the op holds them all. A tool sees
the directories of its tool.toml, and for this call those of --dir. --json prints the answer on one
line.)",
                about_tools},
    CommandSpec{Command::mcp, "mcp", "", "offer sandboxed tools to programs that speak MCP",
                R"(  {"command": "threadrunner", "args": ["mcp", "--dir", "/srv/notes::/notes:ro"]}
                                      in the settings of such a program
  threadrunner mcp --tools taglib     not all, only this one
  threadrunner mcp --read-only        only what changes no file

It reads messages of the Model Context Protocol from stdin, a line each, and writes answers to
stdout; nobody types them. It ends with stdin. A tool sees the directories of its tool.toml, and
those of --dir. --timeout is the longest that a call may take.)",
                nothing},
    CommandSpec{Command::tags, "tags", "[set FIELD=VALUE...] FILE...",
                "show and change the tags of audio files",
                R"(  threadrunner tags song.mp3          all that it says
  threadrunner tags ~/Music           a line for each file below it
  threadrunner tags ~/Music --json | jq -r 'select(.tags.title == null) | .path'
  threadrunner tags set title="Blue" artist="A" artist="B" song.mp3
  threadrunner tags set comment= ~/Music/album    deletes it, in all of them

Fields are title, artist, album, albumArtist, composer, comment, genre, year, date, track,
totalTracks, disc, bpm, rating (0 to 1), and any other by its upper-case name. A file is changed
whole or not at all, and keeps its mode and owner. Files that fail are named at the end, and the
exit code is not 0 then.)",
                about_tags},
    CommandSpec{Command::status, "status", "", "whether the daemon runs, and how it is",
                R"(  threadrunner status                 exit code 2 when no daemon is running
  threadrunner status --json | jq .jobs)",
                nothing},
    CommandSpec{Command::ps, "ps", "", "list workers and jobs", R"(  threadrunner ps)", nothing},
    CommandSpec{Command::cancel, "cancel", "JOB", "end a job",
                R"(  threadrunner cancel j12             its number is in: threadrunner ps)",
                a_job},
    CommandSpec{Command::stop, "stop", "", "stop the daemon when its jobs are done",
                R"(  threadrunner stop)", nothing},
    CommandSpec{Command::logs, "logs", "[-f] [-n LINES]", "show the daemon's log",
                R"(  threadrunner logs                   the last 20 lines
  threadrunner logs -n 200 -f         the last 200, and what comes
  threadrunner logs --job j12         what it says about a job
  threadrunner logs --level warn --since 2h
  threadrunner logs --json | jq -r 'select(.end == "error") | .message'

With --job or --since it shows all such lines, of all the days that are kept, unless -n says how
many of the last.)",
                nothing},
    CommandSpec{
        Command::config, "config", "[get|set|unset|path|reload]", "show and change settings",
        R"(  threadrunner config                 each setting, its value, and where that came from
  threadrunner config get worker.idle
  threadrunner config set worker.idle 2h
  threadrunner config unset worker.idle
  threadrunner config reload          the running daemon reads its settings again
  threadrunner config path            where the file is

Where a daemon runs, the values are its own. 'set' and 'unset' edit config.toml and keep its
comments and its order.)",
        a_configuration},
    CommandSpec{Command::doctor, "doctor", "", "look for what is wrong, with its remedy",
                R"(  threadrunner doctor                 exit code 1 when something does not work
  threadrunner doctor --json | jq -r '.findings[] | select(.health != "ok") | .what'

It looks at the programs, the daemon, processor, devices, memory, limits, the home, disk, models and
what was left behind. It starts no daemon, changes nothing, and does not wait for long.)",
                nothing},
    CommandSpec{Command::bench, "bench", "[MODEL]", "measure this machine with a model",
                R"(  threadrunner bench                  the default model
  threadrunner bench gemma-3-270m --streams 8 --seconds 10
  threadrunner bench --json | jq .ceiling_tokens_per_second

It measures the memory's bandwidth with as many threads as the model has, what speed that allows at
most, and what is reached through the daemon: the time to the first token of a prompt that is warm,
reading a new prompt, and writing answers, one and several at once. Nothing else should run
meanwhile.)",
                one_at_most},
    CommandSpec{Command::serve, "serve", "", "run the daemon here, in the foreground",
                R"(  threadrunner serve                  Ctrl-C stops it
  THREADRUNNER_LOG=debug threadrunner serve)",
                nothing},
    CommandSpec{Command::version, "version", "", "show the versions",
                R"(  threadrunner version
  threadrunner version --json | jq -r .version)",
                nothing},
    CommandSpec{Command::completion, "completion", "bash|zsh|fish", "print a completion script",
                R"(  source <(threadrunner completion bash)
  threadrunner completion zsh  > "${fpath[1]}/_threadrunner"
  threadrunner completion fish > ~/.config/fish/completions/threadrunner.fish)",
                a_shell},
    CommandSpec{Command::help, "help", "[COMMAND]", "show this, or more about one command",
                R"(  threadrunner help logs)", a_command},
};

constexpr bool rows_follow_the_enum() {
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (static_cast<std::size_t>(commands[i].command) != i) {
            return false;
        }
    }
    return commands.size() == static_cast<std::size_t>(Command::help) + 1;
}
static_assert(rows_follow_the_enum(), "spec_of() indexes the table by command");

}  // namespace

std::span<const CommandSpec> command_table() { return commands; }

const CommandSpec& spec_of(Command command) { return commands[static_cast<std::size_t>(command)]; }

const CommandSpec* find_command(std::string_view name) {
    const auto* found = std::ranges::find(commands, name, &CommandSpec::name);
    return found == commands.end() ? nullptr : found;
}

}  // namespace threadrunner::cli
