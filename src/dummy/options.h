#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"

namespace threadrunner::dummy {

/// How the dummy behaves. Everything off: it answers as fast as it can and without a fault.
/// "At token N" counts from 1 and means in place of that token; 0 is never.
struct Options {
    std::int64_t slots = 64;
    double tokens_per_second = 0;  ///< 0: as fast as possible
    std::int64_t load_ms = 0;
    std::int64_t prompt_ms = 0;     ///< time that reading a prompt takes
    std::int64_t think = 0;         ///< so many words of an answer in a chat come as reasoning
    std::int64_t fail_at = 0;       ///< an error document in the stream
    std::int64_t crash_at = 0;      ///< abort()
    std::int64_t freeze_at = 0;     ///< SIGSTOP to itself
    std::int64_t garbage_at = 0;    ///< bytes that are no frame
    std::int64_t stderr_lines = 0;  ///< log lines written at the start
    bool mute = false;              ///< never says hello
    bool deaf_to_cancel = false;
    bool help = false;
};

/// Reads the arguments after the program's name, `--name value` or `--name=value`; a switch may
/// stand alone. The error is invalid_request and names the argument.
[[nodiscard]] Result<Options> parse_options(std::span<const char* const> arguments);

/// What --help prints.
[[nodiscard]] std::string options_help();

}  // namespace threadrunner::dummy
