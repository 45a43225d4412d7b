#include "tool/rounds/rounds.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>
#include <variant>

#include "tool/rounds/rounds_job.h"

namespace threadrunner::tool {
namespace {

constexpr std::string_view kind = "rounds";

/// Jobs that cannot be answers in turns are refused before they wait.
Result<void> check_work(const Work& work) {
    const auto* route = std::get_if<work::Route>(&work);
    if (route != nullptr && route->path != chat_path) {
        return fail(ErrorCode::not_supported, "tools of the type threadrunner are not for " +
                                                  route->path + ", but for " +
                                                  std::string(chat_path));
    }
    if (route != nullptr && route->slots > 1) {
        return fail(ErrorCode::invalid_request,
                    "tools of the type threadrunner go with one answer: leave out 'n'");
    }
    if (route == nullptr && !std::holds_alternative<work::Generate>(work)) {
        return fail(ErrorCode::invalid_request, "only a model that writes can call tools");
    }
    return {};
}

}  // namespace

Rounds::Rounds(boost::asio::any_io_executor executor, Jobs& jobs, Runner& workers)
    : executor_(std::move(executor)), jobs_(jobs), workers_(workers) {
    jobs_.set_runner(*this);
}

Rounds::~Rounds() { jobs_.set_runner(workers_); }

Result<Target> Rounds::resolve(const JobSpec& spec) {
    if (spec.offers.tools.empty()) {
        return workers_.resolve(spec);
    }
    if (auto checked = check_work(spec.work); !checked) {
        return std::unexpected(checked.error());
    }
    for (const Offer& offer : spec.offers.tools) {
        if (auto known = workers_.resolve(call_of(offer, "describe")); !known) {
            return known;
        }
    }
    auto model = workers_.resolve(spec);
    if (!model) {
        return model;
    }
    return Target{.kind = std::string(kind), .name = model->label(), .profile = {}};
}

void Rounds::job_waiting(const Target& target) {
    if (target.kind != kind) {
        workers_.job_waiting(target);
        return;
    }
    while (Job* job = jobs_.take(target)) {
        begin(*job);
    }
}

void Rounds::begin(Job& job) {
    const JobId id = job.id;
    RoundsJob& run =
        *under_way_.emplace(id, std::make_unique<RoundsJob>(executor_, jobs_, job)).first->second;
    boost::asio::co_spawn(executor_, run.run(), [this, id](const std::exception_ptr& failure) {
        under_way_.erase(id);
        if (failure) {
            std::rethrow_exception(failure);
        }
    });
}

void Rounds::job_withdrew(const Target& target) {
    if (target.kind != kind) {
        workers_.job_withdrew(target);
    }
}

void Rounds::cancel(JobId id) {
    const auto run = under_way_.find(id);
    if (run == under_way_.end()) {
        workers_.cancel(id);
    } else {
        run->second->wake();
    }
}

void Rounds::credit(JobId id, unsigned credits) {
    const auto run = under_way_.find(id);
    if (run == under_way_.end()) {
        workers_.credit(id, credits);
    } else {
        run->second->credit(credits);
    }
}

bool Rounds::permit(JobId id, const std::string& call, bool allow) {
    const auto run = under_way_.find(id);
    return run != under_way_.end() && run->second->permit(call, allow);
}

}  // namespace threadrunner::tool
