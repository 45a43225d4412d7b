#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "job/job.h"
#include "worker/kind.h"

namespace threadrunner {

/// The targets whose jobs wait until a worker for them fits into memory, in the order in which they
/// came, with the plans that they wait with. The first that has waited for its patience holds a
/// claim: nobody else's worker starts before its own, and workers in its way take no more jobs.
/// That is what keeps a busy model from starving another, and two models that do not fit together
/// from being loaded in turns for every request.
class MemoryLine {
public:
    /// Joins its end. Who waits already keeps its place.
    void join(const Target& target, const LaunchPlan& plan, Clock::time_point now);
    void leave(const Target& target);

    [[nodiscard]] bool empty() const { return places_.empty(); }
    [[nodiscard]] std::vector<Target> targets() const;
    /// What it waits with; null: it does not wait. Valid until the line changes.
    [[nodiscard]] const LaunchPlan* plan(const Target& target) const;

    /// The target whose claim it is, if one is due.
    [[nodiscard]] std::optional<Target> claimant(Clock::time_point now,
                                                 std::chrono::milliseconds patience) const;
    /// When the first claim is due; nothing: nobody waits.
    [[nodiscard]] std::optional<Clock::time_point> claim_due(
        std::chrono::milliseconds patience) const;

private:
    struct Place {
        Target target;
        LaunchPlan plan;
        Clock::time_point since;
    };

    std::vector<Place> places_;
};

}  // namespace threadrunner
