#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/decode.h"

namespace threadrunner {

/// How a process ended.
struct ExitStatus {
    int code = 0;          ///< exit code, if it exited
    int signal = 0;        ///< the signal that ended it; 0: it exited
    std::string fault;     ///< why we ended it, if we did
    bool is_ours = true;   ///< no: a server of somebody else, of whose process we know nothing
    bool is_crash = true;  ///< no: it had to end for a job's sake, which says nothing against it
    /// The ids of the jobs that it was at, of all that it had been sent; none: it may have been at
    /// any.
    std::optional<std::set<std::uint64_t>> begun = std::nullopt;
    /// What those end with; none: they are tried again if they may be, else worker_crashed.
    std::optional<Error> verdict = std::nullopt;

    /// "exited with code 1", "was ended by signal 9 (Killed)".
    [[nodiscard]] std::string describe() const;
};

/// A running worker: takes frames, can be signalled, and reports to its observer. Destroying it
/// kills the process and silences it. Tests put a scripted one in its place; a kind whose worker
/// speaks something else (HTTP, say) translates here, so that nothing above needs to know.
class Process {
public:
    class Observer {
    public:
        Observer() = default;
        Observer(const Observer&) = delete;
        Observer& operator=(const Observer&) = delete;
        virtual ~Observer() = default;

        virtual void on_frame(const wire::Json& frame) = 0;
        virtual void on_log_line(std::string_view line) = 0;
        /// The payload of a frame on its stdout; see Command::pipes_frames.
        virtual void on_piped_frame(std::string_view /*payload*/) {}
        /// The process is gone, its last frames and lines delivered. Called once, last.
        virtual void on_exit(const ExitStatus& status) = 0;
    };

    Process() = default;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    virtual ~Process() = default;

    [[nodiscard]] virtual pid_t pid() const = 0;
    virtual void send(const wire::Json& frame) = 0;
    /// A frame on its stdin; see Command::pipes_frames.
    virtual void send_piped(std::string_view /*payload*/) {}
    virtual void signal(int number) = 0;
};

/// What to execute.
struct Command {
    std::filesystem::path program;
    std::vector<std::string> arguments;  ///< without the program's name
    /// NAME=value; they take the place of inherited ones. For secrets: all users may read the
    /// arguments of a process, only its own its environment.
    std::vector<std::string> environment;
    bool speaks_frames = true;  ///< on fd 3; else it has none, and frames for it are lost
    /// Whether its stdin and stdout carry frames, too, of a protocol that only its kind knows; else
    /// there is nothing on its stdin, and its stdout is log lines as its stderr is.
    bool pipes_frames = false;
};

/// Starts a worker that reports to `observer`, which outlives it. Never calls the observer before
/// it has returned.
using Spawner = std::function<Result<std::unique_ptr<Process>>(const Command&, Process::Observer&)>;

}  // namespace threadrunner
