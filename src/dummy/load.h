#pragma once

#include "dummy/task.h"

namespace threadrunner::dummy {

/// The op `load`, which for the dummy only takes its time: load events from 0 to 1, then what it
/// is.
class Load : public Task {
public:
    Load(std::int64_t id, const Options& options, Clock::time_point now);

    [[nodiscard]] Step advance(Clock::time_point now, std::size_t events_max,
                               Outbox& outbox) override;
    void cancel(Outbox& outbox) override;

private:
    const Options& options_;
    Clock::time_point started_;
    std::int64_t steps_sent_ = 0;
};

}  // namespace threadrunner::dummy
