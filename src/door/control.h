#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "door/models_op.h"
#include "door/tools_op.h"
#include "job/job.h"
#include "wire/decode.h"

namespace threadrunner {

/// What doors can ask about the daemon itself rather than of a job. The daemon implements it. All
/// calls on the event loop; the documents are those of `done.result` in docs/socket.md.
class Control {
public:
    Control() = default;
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;
    virtual ~Control() = default;

    [[nodiscard]] virtual wire::Json status() = 0;
    /// Whether there is anything to serve; unreachable says why not.
    [[nodiscard]] virtual Result<void> ready() = 0;
    [[nodiscard]] virtual wire::Json ps() = 0;
    /// About the models by name. Reads and writes files: takes its time on another thread.
    [[nodiscard]] virtual boost::asio::awaitable<Result<wire::Json>> models(ModelsOp op) = 0;
    /// The name of the model that answers a job like `spec`, as the list of models has it, or its
    /// path if it has none; empty: what the worker calls itself says as much.
    [[nodiscard]] virtual std::string model_name(const JobSpec& spec) = 0;
    /// About the sandboxed tools. Takes its time, too.
    [[nodiscard]] virtual boost::asio::awaitable<Result<wire::Json>> tools(ToolsOp op) = 0;
    /// Unloads the worker that a job like `spec` would use; none: all that are idle.
    [[nodiscard]] virtual Result<wire::Json> unload(const std::optional<JobSpec>& spec) = 0;
    /// The settings, each with where it came from. Reads the file: takes its time.
    [[nodiscard]] virtual boost::asio::awaitable<wire::Json> config() = 0;
    /// Reads the settings again; the document says what changed.
    [[nodiscard]] virtual boost::asio::awaitable<Result<wire::Json>> reload() = 0;
    /// Begins to drain and stop; returns at once.
    virtual void shutdown() = 0;
};

}  // namespace threadrunner
