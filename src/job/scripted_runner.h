#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "job/jobs.h"

namespace threadrunner {

/// For tests: one target; notes what Jobs asks of it. The test answers through Jobs.
class ScriptedRunner : public Runner {
public:
    [[nodiscard]] static Target target() {
        return {.kind = "engine", .name = "gemma", .profile = {}};
    }

    [[nodiscard]] Result<Target> resolve(const JobSpec&) override {
        if (refusal) {
            return std::unexpected(*refusal);
        }
        return target();
    }
    void job_waiting(const Target& wanted) override {
        calls.push_back("waiting " + wanted.label());
        if (on_waiting) {
            on_waiting();
        }
    }
    void job_withdrew(const Target& wanted) override {
        calls.push_back("withdrew " + wanted.label());
    }
    void cancel(JobId id) override { calls.push_back("cancel " + job_name(id)); }
    void credit(JobId id, unsigned credits) override {
        calls.push_back("credit " + job_name(id) + " " + std::to_string(credits));
    }

    std::optional<Error> refusal;  ///< what resolve() says from now on
    std::function<void()> on_waiting;
    std::vector<std::string> calls;
};

}  // namespace threadrunner
