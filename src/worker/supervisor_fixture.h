#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/pool_fixture.h"

namespace threadrunner {

/// For tests: one worker for one target, fed by the pool as in the daemon.
class SupervisorFixture : public PoolFixture {
protected:
    SupervisorFixture() {
        settings_.worker_restart_min = std::chrono::milliseconds(0);
        settings_.worker_restart_max = std::chrono::milliseconds(0);
    }

    /// Lets the worker be watched every millisecond; what is to be judged, the test makes small.
    void watch_closely() {
        settings_.worker_ping = std::chrono::milliseconds(1);
        settings_.worker_hello = settings_.worker_suspect = settings_.worker_dead =
            settings_.worker_stall = never;
    }

    static void say_tokens(ScriptedWorker& worker, std::int64_t id, int count) {
        for (int i = 0; i < count; ++i) {
            worker.token(id, "x");
        }
    }
};

}  // namespace threadrunner
