#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace threadrunner::engine {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

/// Takes one line without its end. Called on any thread, one call at a time; must not log itself.
using LogSink = std::function<void(LogLevel level, std::string_view line)>;

/// Takes over llama.cpp's log, which is one a process: nothing of it goes to stdout or stderr any
/// more. What llama.cpp calls information is a debug line here, and is made only if `verbose`. Call
/// once, before anything else of llama.cpp.
void capture_llama_log(LogSink sink, bool verbose);

/// The error lines since the last call, joined to one: why something of llama.cpp failed.
[[nodiscard]] std::string take_llama_errors();

}  // namespace threadrunner::engine
