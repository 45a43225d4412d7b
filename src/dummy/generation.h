#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "dummy/request.h"
#include "dummy/shapes.h"
#include "dummy/task.h"

namespace threadrunner::dummy {

/// A generating route under way: reads its prompt for a while, then says its answer token by token
/// at the speed of the options, as a stream of chunks or at the end as one document.
class Generation : public Task {
public:
    /// `shapes` are the route's; `options` outlive the task.
    Generation(std::int64_t id, std::int64_t slot, Request request, const Shapes& shapes,
               const Options& options, Clock::time_point now);

    [[nodiscard]] Step advance(Clock::time_point now, std::size_t events_max,
                               Outbox& outbox) override;
    void cancel(Outbox& outbox) override;
    [[nodiscard]] std::optional<std::int64_t> slot() const override { return exchange_.slot; }

private:
    [[nodiscard]] Step take_step(Clock::time_point now, Outbox& outbox);
    [[nodiscard]] Step read_prompt(Clock::time_point now, Outbox& outbox);
    [[nodiscard]] Step say(Clock::time_point now, Outbox& outbox);
    [[nodiscard]] Step say_next(Outbox& outbox);
    [[nodiscard]] Step finish(Clock::time_point now, Outbox& outbox);
    [[nodiscard]] Step fail(Outbox& outbox);
    [[nodiscard]] std::optional<Fault> fault_here() const;
    [[nodiscard]] Clock::time_point token_due() const;
    [[nodiscard]] wire::Json usage() const;
    void send_head(int status, std::string_view content_type, Outbox& outbox);
    void send_chunk(const std::string& chunk, Outbox& outbox);

    const Shapes& shapes_;
    const Options& options_;
    Exchange exchange_;
    Clock::time_point started_;
    Clock::time_point prompt_read_;  ///< when it will be, or was
    std::int64_t prompt_steps_ = 0;
    std::size_t said_ = 0;  ///< tokens of the answer
    bool head_sent_ = false;
    bool fault_passed_ = false;
};

}  // namespace threadrunner::dummy
