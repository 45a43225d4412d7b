#pragma once

#include "worker/kind.h"

namespace threadrunner {

/// The reference worker: for tests, and for users without a model. A job's model is its options,
/// `tokens_per_second=50,crash_at=3`, so that each combination is a target of its own.
class DummyKind : public Kind {
public:
    [[nodiscard]] std::string_view name() const override { return "dummy"; }
    [[nodiscard]] std::string_view backend() const override { return "dummy"; }
    [[nodiscard]] Result<Target> resolve(const JobSpec& spec) const override;
    [[nodiscard]] Result<LaunchPlan> plan(const Target& target) const override;
    [[nodiscard]] std::unique_ptr<Exchange> exchange(const Job& job) const override;
};

}  // namespace threadrunner
