#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log_filter.h"
#include "wire/decode.h"

namespace threadrunner::cli {

/// In the order of command_table().
enum class Command : std::uint8_t {
    ask,
    chat,
    embed,
    tokenize,
    detokenize,
    models,
    show,
    pull,
    rm,
    load,
    unload,
    tool,
    mcp,
    tags,
    status,
    ps,
    cancel,
    stop,
    logs,
    config,
    doctor,
    bench,
    serve,
    version,
    completion,
    help,
};

/// What to do with a model's reasoning.
enum class Think : std::uint8_t {
    on_terminal,  ///< show it where stderr is a terminal
    show,
    hide,
};

/// What the options said.
struct Options {
    /// Members that go into the request as they are: temperature, max_tokens, system …
    wire::Json request = wire::Json::object();
    std::optional<std::string> model;
    std::optional<std::string> backend;
    std::optional<std::string> socket;
    std::optional<std::string> home;
    std::optional<std::chrono::milliseconds> timeout;  ///< none: for ever
    std::optional<std::size_t> lines;  ///< of the log; none: as many as the command likes
    std::optional<std::string> job;
    std::optional<log::Level> level;
    std::optional<std::chrono::milliseconds> since;
    std::vector<std::string> settings;   ///< KEY=VALUE, for a daemon in the foreground
    std::optional<std::string> schema;   ///< a file, or "-"
    std::optional<std::string> grammar;  ///< the same
    Think think = Think::on_terminal;
    std::optional<std::string> name;                    ///< for a model that is added
    std::optional<std::string> sha256;                  ///< of the file that is pulled
    std::vector<std::string> tools;                     ///< offered to the model, by their names
    wire::Json directories = wire::Json::array();       ///< for tools: `dirs` of the socket
    bool allow_writes = false;                          ///< tools may change files unasked
    bool read_only = false;                             ///< they may not change any
    std::optional<std::int64_t> tool_rounds;            ///< at most, of a model with its tools
    std::optional<std::size_t> streams;                 ///< at once
    std::optional<std::chrono::milliseconds> each_for;  ///< a measurement is repeated
    bool yes = false;                                   ///< to whatever would be asked
    bool names = false;                                 ///< only names
    bool json = false;
    bool no_stream = false;
    bool follow = false;
    bool help = false;
    bool version = false;
};

/// What the user wants: the meaning of a command line.
struct Invocation {
    Command command = Command::ask;
    std::vector<std::string> words;  ///< of the prompt, or the command's arguments
    Options options;
    std::string hint;  ///< a doubt worth showing to a person, else empty
};

}  // namespace threadrunner::cli
