#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.h"
#include "engine/frame_writer.h"
#include "engine/job_queue.h"
#include "engine/model.h"
#include "engine/settings.h"

namespace threadrunner::engine {

/// The threads that compute: one loads the model and then computes for all, one a slot takes jobs
/// and waits for their answers. They live as long as the process, which ends without joining them:
/// they may be deep in a batch, and the kernel takes a model's memory back faster than free()
/// would.
class ModelThreads {
public:
    /// All must outlive it. `on_idle` is called, on any thread, when a load or a job has ended.
    ModelThreads(FrameWriter& writer, JobQueue& jobs, StepCounter& steps,
                 std::function<void()> on_idle);

    /// Starts to load; its events carry `id`. `conflict` when a model is loaded, or about to be.
    /// Only for the reading thread, as cancel_load().
    [[nodiscard]] Result<void> load(std::int64_t id, LoadSettings settings);

    /// How many threads the model computes with from its next batch on. `conflict` without a model.
    [[nodiscard]] Result<void> tune(std::int32_t threads);

    /// What the model's contexts hold; nothing without a model, or where it cannot be told.
    [[nodiscard]] std::optional<ContextUse> context_use() const {
        return ready() ? model_->context_use() : std::nullopt;
    }

    /// Stops the load with this id, if there is one; it ends with done{cancelled}.
    void cancel_load(std::int64_t id);
    /// The same, whatever its id.
    void cancel_load() { load_cancelled_ = true; }

    [[nodiscard]] bool loading() const { return state_ == State::loading; }
    [[nodiscard]] bool ready() const { return state_ == State::ready; }

private:
    enum class State : std::uint8_t { empty, loading, ready };

    void load_and_compute(const LoadSettings& settings);
    [[nodiscard]] bool report_load(double fraction);
    void end_load(const Error& error);
    void serve_slot();

    FrameWriter& writer_;
    JobQueue& jobs_;
    StepCounter& steps_;
    std::function<void()> on_idle_;

    std::atomic<State> state_ = State::empty;
    std::atomic<bool> load_cancelled_ = false;
    std::int64_t load_id_ = 0;
    std::chrono::steady_clock::time_point load_reported_;
    std::unique_ptr<Model> model_;  ///< set before the state is ready
    std::thread compute_thread_;
    std::vector<std::thread> slot_threads_;
};

}  // namespace threadrunner::engine
