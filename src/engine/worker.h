#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "engine/frame_writer.h"
#include "engine/job_queue.h"
#include "engine/model_threads.h"
#include "wire/fields.h"

namespace threadrunner::engine {

/// The engine's side of the worker protocol. It takes frames on the one thread that reads them and
/// never computes or waits there, so that pings are answered at once also while a model loads.
class Worker {
public:
    using Clock = std::chrono::steady_clock;

    /// `fd` is the socket to the daemon. `on_idle` is called, on any thread, when done() may have
    /// become true.
    Worker(int fd, std::function<void()> on_idle);

    /// The first frame of all.
    void hello();

    /// Takes one frame from the daemon. An error means that the stream has no meaning any more.
    [[nodiscard]] Result<void> receive(std::string_view payload);

    /// No new jobs; done() once those under way have ended. At the deadline they are cancelled.
    void shut_down(Clock::time_point deadline);
    [[nodiscard]] bool done() const;
    /// When enforce_deadline() is wanted.
    [[nodiscard]] std::optional<Clock::time_point> deadline() const { return deadline_; }
    /// Once the deadline has passed: cancels what is under way, and the second time gives it up.
    void enforce_deadline(Clock::time_point now);

private:
    using Fields = wire::Fields;

    /// One op of the protocol; `id` is the job's, where it has one.
    struct Op {
        std::string_view name;
        bool has_id;
        void (Worker::*take)(std::int64_t id, Fields& fields);
    };

    [[nodiscard]] static const Op* find_op(std::string_view name);
    void ping(std::int64_t id, Fields& fields);
    void load(std::int64_t id, Fields& fields);
    void route(std::int64_t id, Fields& fields);
    void cancel(std::int64_t id, Fields& fields);
    void tune(std::int64_t id, Fields& fields);
    void credit(std::int64_t id, Fields& fields);
    void shutdown(std::int64_t id, Fields& fields);

    FrameWriter writer_;
    JobQueue jobs_;
    StepCounter steps_ = 0;
    ModelThreads model_;
    std::optional<Clock::time_point> deadline_;
    bool cancelled_all_ = false;
    bool given_up_ = false;
};

}  // namespace threadrunner::engine
