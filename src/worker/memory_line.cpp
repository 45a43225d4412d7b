#include "worker/memory_line.h"

#include <algorithm>
#include <iterator>

namespace threadrunner {

void MemoryLine::join(const Target& target, const LaunchPlan& plan, Clock::time_point now) {
    if (this->plan(target) == nullptr) {
        places_.push_back({.target = target, .plan = plan, .since = now});
    }
}

void MemoryLine::leave(const Target& target) {
    std::erase_if(places_, [&](const Place& place) { return place.target == target; });
}

std::vector<Target> MemoryLine::targets() const {
    std::vector<Target> out;
    std::ranges::transform(places_, std::back_inserter(out), &Place::target);
    return out;
}

const LaunchPlan* MemoryLine::plan(const Target& target) const {
    const auto found = std::ranges::find(places_, target, &Place::target);
    return found == places_.end() ? nullptr : &found->plan;
}

std::optional<Target> MemoryLine::claimant(Clock::time_point now,
                                           std::chrono::milliseconds patience) const {
    const auto due = claim_due(patience);
    return due && *due <= now ? std::optional(places_.front().target) : std::nullopt;
}

std::optional<Clock::time_point> MemoryLine::claim_due(std::chrono::milliseconds patience) const {
    return places_.empty() ? std::nullopt : std::optional(places_.front().since + patience);
}

}  // namespace threadrunner
