#include "cli/doctor/cpu_check.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>
#include <string_view>

#include "base/control_group.h"
#include "base/small_file.h"
#include "cli/doctor/proc.h"

namespace threadrunner::cli {
namespace {

constexpr const char* group = "processor";

/// ggml's name of an instruction set, and the kernel's.
struct InstructionSet {
    std::string_view ggml;
    std::string_view flag;
};
constexpr std::array instruction_sets = {
    InstructionSet{"SSE3", "pni"},
    InstructionSet{"SSSE3", "ssse3"},
    InstructionSet{"AVX", "avx"},
    InstructionSet{"F16C", "f16c"},
    InstructionSet{"FMA", "fma"},
    InstructionSet{"BMI2", "bmi2"},
    InstructionSet{"AVX2", "avx2"},
    InstructionSet{"AVX_VNNI", "avx_vnni"},
    InstructionSet{"AVX512", "avx512f"},
    InstructionSet{"AVX512_VBMI", "avx512vbmi"},
    InstructionSet{"AVX512_VNNI", "avx512_vnni"},
    InstructionSet{"AVX512_BF16", "avx512_bf16"},
    InstructionSet{"AMX_INT8", "amx_int8"},
};
/// Those whose absence costs most of the speed. AMX is left out of our builds on purpose.
constexpr std::array<std::string_view, 3> worth_having = {"AVX2", "FMA", "AVX512"};

bool is_among(const auto& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

std::string joined(const std::vector<std::string_view>& names) {
    std::string out;
    for (const std::string_view name : names) {
        out += (out.empty() ? "" : ", ") + std::string(name);
    }
    return out;
}

Finding describe(const CpuFacts& facts) {
    std::string what = facts.model.empty() ? "a processor" : facts.model;
    what += ", " + std::to_string(facts.cores) + (facts.cores == 1 ? " core" : " cores");
    if (facts.quota > 0 && facts.quota < facts.cores) {
        std::array<char, 32> quota{};
        std::snprintf(quota.data(), quota.size(), "%.1f", facts.quota);
        return {Health::warning, group,
                what + ", of which the control group allows " + quota.data(),
                "set engine.threads to at most that many"};
    }
    return {Health::ok, group, std::move(what), {}};
}

}  // namespace

CpuFacts look_at_cpu() {
    CpuFacts facts;
    const std::string info = read_small_file("/proc/cpuinfo").value_or("");
    // "model name" has a blank
    const std::size_t at = info.find("model name");
    if (at != std::string::npos) {
        const std::string line = info.substr(at, info.find('\n', at) - at);
        facts.model = line.substr(std::min(line.find(": ") + 2, line.size()));
    }
    std::istringstream flags(field_of(info, "flags").value_or(""));
    for (std::string flag; flags >> flag;) {
        facts.flags.insert(flag);
    }
    cpu_set_t usable;
    if (::sched_getaffinity(0, sizeof(usable), &usable) == 0) {
        facts.cores = static_cast<unsigned>(CPU_COUNT(&usable));
    }
    facts.quota = control_group_limits().cores.value_or(0);
    return facts;
}

Findings judge_cpu(const CpuFacts& facts, const std::vector<std::string>& compiled_for) {
    Findings out = {describe(facts)};
    std::vector<std::string_view> used;
    std::vector<std::string_view> missing;
    std::vector<std::string_view> unused;
    for (const auto& [ggml, flag] : instruction_sets) {
        const bool has = facts.flags.contains(std::string(flag));
        if (is_among(compiled_for, ggml)) {
            (has ? used : missing).push_back(ggml);
        } else if (has && is_among(worth_having, ggml)) {
            unused.push_back(ggml);
        }
    }
    if (compiled_for.empty() || facts.flags.empty()) {
        return out;
    }
    if (!missing.empty()) {
        out.push_back({Health::problem, group,
                       "the engine was built for " + joined(missing) +
                           ", which this processor does not have: it will crash",
                       "build it on this machine: make build"});
    } else if (!unused.empty()) {
        out.push_back({Health::warning, group,
                       "the engine was built without " + joined(unused) +
                           ", which this processor has: it is slower than it could be",
                       "build it on this machine: make build"});
    } else {
        out.push_back({Health::ok, group, "the engine uses " + joined(used), {}});
    }
    return out;
}

}  // namespace threadrunner::cli
