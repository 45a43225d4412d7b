#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>

#include "job/jobs.h"

namespace threadrunner::tool {

class RoundsJob;

/// Runs the jobs whose model may call tools: each is answers of the model and calls of tools, in
/// turns, until an answer calls none. All of these are child jobs, which run where such jobs run
/// anyway: this stands in front of those who run them, and passes all else on to them. On the event
/// loop.
class Rounds : public Runner {
public:
    /// Becomes the runner of `jobs`, until it goes: then `workers` is. Both outlive it.
    Rounds(boost::asio::any_io_executor executor, Jobs& jobs, Runner& workers);
    ~Rounds() override;

    [[nodiscard]] Result<Target> resolve(const JobSpec& spec) override;
    void job_waiting(const Target& target) override;
    void job_withdrew(const Target& target) override;
    void cancel(JobId id) override;
    void credit(JobId id, unsigned credits) override;
    [[nodiscard]] bool permit(JobId id, const std::string& call, bool allow) override;

private:
    void begin(Job& job);

    boost::asio::any_io_executor executor_;
    Jobs& jobs_;
    Runner& workers_;
    std::map<JobId, std::unique_ptr<RoundsJob>> under_way_;
};

}  // namespace threadrunner::tool
