#include "cli/doctor/memory_check.h"

#include <string>

#include "base/control_group.h"
#include "base/limits.h"
#include "base/number.h"
#include "base/small_file.h"
#include "base/text.h"
#include "cli/doctor/proc.h"

namespace threadrunner::cli {
namespace {

constexpr const char* group = "memory";
/// A small model with its context.
constexpr std::uint64_t available_bytes_min = limits::gib;

/// "16384 kB"
std::uint64_t bytes_of(const std::string& info, std::string_view name) {
    const std::string text = field_of(info, name).value_or("");
    return number_from<std::uint64_t>(text.substr(0, text.find(' '))).value_or(0) * limits::kib;
}

}  // namespace

MemoryFacts look_at_memory() {
    const std::string info = read_small_file("/proc/meminfo").value_or("");
    return {.total_bytes = bytes_of(info, "MemTotal"),
            .available_bytes = bytes_of(info, "MemAvailable"),
            .swap_bytes = bytes_of(info, "SwapTotal"),
            .overcommit_refused = read_number("/proc/sys/vm/overcommit_memory") == 2,
            .cgroup_bytes = control_group_limits().memory_bytes,
            .budget_bytes = std::nullopt};
}

Findings judge_memory(const MemoryFacts& facts) {
    Findings out;
    const std::string amounts = format_bytes(facts.available_bytes) + " of " +
                                format_bytes(facts.total_bytes) + " available";
    if (facts.available_bytes < available_bytes_min) {
        out.push_back({Health::warning, group, "only " + amounts,
                       "end other programs, or give models back: threadrunner unload"});
    } else {
        out.push_back({Health::ok, group, amounts, {}});
    }
    std::uint64_t usable = facts.total_bytes;
    if (facts.cgroup_bytes && *facts.cgroup_bytes < facts.total_bytes) {
        usable = *facts.cgroup_bytes;
        out.push_back(
            {Health::note, group,
             "the control group of this command allows " + format_bytes(usable) + " of it",
             "where the daemon has the same limit, set memory.mib below it"});
    }
    if (facts.budget_bytes) {
        const std::string budget = "the daemon's budget for workers is " +
                                   format_bytes(*facts.budget_bytes) + ", " +
                                   format_bytes(facts.reserved_bytes) + " of it reserved";
        const bool fits = *facts.budget_bytes <= usable;
        out.push_back({fits ? Health::ok : Health::warning, group,
                       fits ? budget : budget + ", more than there is",
                       fits ? "" : "set memory.mib to less"});
    }
    if (facts.overcommit_refused) {
        out.push_back({Health::warning, group,
                       "the kernel refuses memory that is not there yet "
                       "(vm.overcommit_memory = 2): a model may fail to load though it would fit",
                       "sysctl vm.overcommit_memory=0"});
    }
    return out;
}

}  // namespace threadrunner::cli
