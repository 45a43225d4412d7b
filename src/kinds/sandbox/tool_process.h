#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "kinds/sandbox/call_files.h"
#include "worker/process.h"

namespace threadrunner {

/// A sandboxed tool, as the worker that the supervisor knows: it greets, `load` compiles the module
/// and opens its directories, a `call` becomes a frame of the module's and its reply an `output`.
/// Several instances share the calls. What a call needs of the disk is done on a thread for files,
/// before and after it, in the order in which calls came.
///
/// When an instance ends by itself the others finish what they have on the pipe, and then the whole
/// worker ends; its exit says which calls it was at: the rest had not begun.
class ToolProcess : public Process {
public:
    struct Options {
        CallFiles::Room room;
        Command command;
        std::size_t instances = 1;
        std::chrono::milliseconds deadline;  ///< of a call
    };

    /// `load` frames are the host's own. `files` runs one thing at a time, and ends before the
    /// executor does.
    [[nodiscard]] static Result<std::unique_ptr<Process>> start(
        const boost::asio::any_io_executor& executor, boost::asio::any_io_executor files,
        Options options, const Spawner& spawner, Process::Observer& observer);

    ~ToolProcess() override;

    [[nodiscard]] pid_t pid() const override;
    void send(const wire::Json& frame) override;
    void signal(int number) override;

private:
    class Core;
    explicit ToolProcess(std::shared_ptr<Core> core);

    std::shared_ptr<Core> core_;
};

}  // namespace threadrunner
