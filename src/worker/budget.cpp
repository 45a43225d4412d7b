#include "worker/budget.h"

#include <sys/sysinfo.h>

#include <cassert>

namespace threadrunner {

std::uint64_t Budget::default_bytes() {
    struct sysinfo info{};
    if (::sysinfo(&info) != 0) {
        return 0;
    }
    return static_cast<std::uint64_t>(info.totalram) * info.mem_unit / 10 * 8;
}

void Budget::reserve(const Target& target, std::uint64_t bytes) {
    assert(fits(bytes) && !by_target_.contains(target));
    by_target_.emplace(target, bytes);
    reserved_ += bytes;
}

void Budget::release(const Target& target) {
    if (const auto found = by_target_.find(target); found != by_target_.end()) {
        reserved_ -= found->second;
        by_target_.erase(found);
    }
}

std::uint64_t Budget::reserved(const Target& target) const {
    const auto found = by_target_.find(target);
    return found == by_target_.end() ? 0 : found->second;
}

}  // namespace threadrunner
