#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "base/limits.h"
#include "cli/doctor/cpu_check.h"
#include "cli/doctor/daemon_check.h"
#include "cli/doctor/disk_check.h"
#include "cli/doctor/home_check.h"
#include "cli/doctor/leftovers_check.h"
#include "cli/doctor/limits_check.h"
#include "cli/doctor/memory_check.h"
#include "cli/doctor/models_check.h"
#include "cli/doctor/programs_check.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// "health: what -> remedy" of the worst finding.
std::string worst(const Findings& findings) {
    const Finding* found = nullptr;
    for (const Finding& finding : findings) {
        if (found == nullptr || finding.health > found->health) {
            found = &finding;
        }
    }
    return found == nullptr ? "nothing"
                            : std::string(health_name(found->health)) + ": " + found->what +
                                  (found->remedy.empty() ? "" : " -> " + found->remedy);
}

TEST(DoctorCpu, AnEngineOfAnotherMachineIsFoundBeforeItCrashes) {
    const CpuFacts facts{.model = "A", .cores = 2, .flags = {"avx2", "fma", "avx512f"}};
    EXPECT_THAT(worst(judge_cpu(facts, {"AVX2", "FMA", "AVX512", "REPACK"})), StartsWith("ok"));
    EXPECT_THAT(worst(judge_cpu(facts, {"AVX2", "AVX512_BF16"})),
                StartsWith("problem: the engine was built for AVX512_BF16, which this"));
    EXPECT_THAT(worst(judge_cpu(facts, {"SSE3"})), HasSubstr("problem"));
    EXPECT_THAT(worst(judge_cpu(facts, {"AVX2", "FMA"})),
                StartsWith("warning: the engine was built without AVX512"));
    EXPECT_THAT(worst(judge_cpu(facts, {})), StartsWith("ok")) << "no engine, no judgement";
}

TEST(DoctorCpu, AQuotaOfTheControlGroupIsShown) {
    EXPECT_THAT(worst(judge_cpu({.model = "A", .cores = 8, .quota = 1.5, .flags = {}}, {})),
                HasSubstr("of which the control group allows 1.5 -> set engine.threads"));
    EXPECT_THAT(worst(judge_cpu({.model = "A", .cores = 2, .quota = 2, .flags = {}}, {})),
                "ok: A, 2 cores");
}

TEST(DoctorMemory, ShortnessAndFalseBudgetsAreWarnings) {
    MemoryFacts facts{.total_bytes = 16 * limits::gib,
                      .available_bytes = 8 * limits::gib,
                      .cgroup_bytes = std::nullopt,
                      .budget_bytes = 12 * limits::gib};
    EXPECT_THAT(worst(judge_memory(facts)), StartsWith("ok"));
    facts.cgroup_bytes = 4 * limits::gib;
    EXPECT_THAT(worst(judge_memory(facts)), HasSubstr("more than there is -> set memory.mib"));
    facts = {.total_bytes = 16 * limits::gib, .available_bytes = 100 * limits::mib};
    EXPECT_THAT(worst(judge_memory(facts)), StartsWith("warning: only 100 MiB of 16"));
    facts = {.total_bytes = 16 * limits::gib,
             .available_bytes = 8 * limits::gib,
             .overcommit_refused = true};
    EXPECT_THAT(worst(judge_memory(facts)), HasSubstr("vm.overcommit_memory"));
}

TEST(DoctorLimits, WhatAShellForbidsItsDaemonIsFound) {
    EXPECT_THAT(worst(judge_limits({})), StartsWith("ok"));
    EXPECT_THAT(worst(judge_limits({.open_files = 4096})), StartsWith("ok: 4096 open files"));
    EXPECT_THAT(worst(judge_limits({.open_files = 512})), StartsWith("warning"));
    EXPECT_THAT(worst(judge_limits({.open_files = 64})), StartsWith("problem: at most 64 files"));
    EXPECT_THAT(worst(judge_limits({.address_bytes = limits::gib})), HasSubstr("ulimit -v"));
    EXPECT_THAT(worst(judge_limits({.file_bytes = limits::mib})), HasSubstr("ulimit -f"));
    EXPECT_THAT(worst(judge_limits({.processes = 10})), HasSubstr("ulimit -u"));
}

DirectoryFacts good_directory() {
    return {.path = "/home/a",
            .exists = true,
            .is_directory = true,
            .ours = true,
            .mode = 0700,
            .writable = true,
            .network_system = {}};
}

TEST(DoctorHome, ADirectoryThatNoDaemonWouldTakeIsAProblem) {
    const auto with = [](auto change) {
        DirectoryFacts facts = good_directory();
        change(facts);
        return worst(judge_home({facts}));
    };
    EXPECT_EQ(with([](DirectoryFacts&) {}), "ok: /home/a");
    EXPECT_THAT(with([](DirectoryFacts& d) { d.exists = false; }), StartsWith("note"));
    EXPECT_THAT(with([](DirectoryFacts& d) { d.is_directory = false; }), StartsWith("problem"));
    EXPECT_THAT(with([](DirectoryFacts& d) { d.ours = false; }), HasSubstr("another user"));
    EXPECT_THAT(with([](DirectoryFacts& d) { d.mode = 0770; }),
                StartsWith("problem: others may write to /home/a (mode 0770)"));
    EXPECT_THAT(with([](DirectoryFacts& d) { d.mode = 0755; }),
                StartsWith("warning: others may look into /home/a"));
    EXPECT_THAT(with([](DirectoryFacts& d) { d.writable = false; }), HasSubstr("chmod 700"));
    EXPECT_THAT(with([](DirectoryFacts& d) { d.read_only_system = true; }),
                HasSubstr("mount it for writing"));
    EXPECT_THAT(with([](DirectoryFacts& d) { d.network_system = "NFS"; }), HasSubstr("(NFS)"));
}

TEST(DoctorHome, ASocketPathThatIsTooLongIsAProblem) {
    EXPECT_THAT(worst(check_socket_place("/run/a.sock")), StartsWith("ok"));
    EXPECT_THAT(worst(check_socket_place("/" + std::string(120, 'a'))),
                StartsWith("problem: the socket's path is too long"));
}

TEST(DoctorDisk, AFullDiskIsAProblem) {
    const auto with = [](std::uint64_t free, bool files_left = true) {
        return worst(judge_disks({{.path = "/d",
                                   .free_bytes = free,
                                   .total_bytes = 100 * limits::gib,
                                   .files_left = files_left}}));
    };
    EXPECT_THAT(with(50 * limits::gib), StartsWith("ok: 50"));
    EXPECT_THAT(with(500 * limits::mib), StartsWith("warning"));
    EXPECT_THAT(with(1 * limits::mib), StartsWith("problem"));
    EXPECT_THAT(with(50 * limits::gib, false), HasSubstr("takes no more files"));
}

TEST(DoctorModels, ABadFileIsNamedAndManyAreCounted) {
    EXPECT_THAT(worst(judge_models({.folder = "/m"})), StartsWith("note: there are none in /m"));
    EXPECT_EQ(worst(judge_models({.folder = "/m", .good = 2})), "ok: 2 in /m");
    EXPECT_THAT(worst(judge_models({.folder = "/m", .good = 2, .faults = {"/m/a is cut off"}})),
                StartsWith("warning: /m/a is cut off"));
    const Findings many = judge_models({.faults = std::vector<std::string>(1000, "x")});
    EXPECT_LT(many.size(), 20U);
    EXPECT_THAT(many.back().what, HasSubstr("990 more"));
}

TEST(DoctorPrograms, ProgramsOfDifferentBuildsAreFound) {
    ProgramsFacts facts{.daemon_version = "0.2.0"};
    EXPECT_THAT(worst(judge_programs(facts, "0.2.0", "0.2.0")), StartsWith("note: there is no en"));
    EXPECT_THAT(worst(judge_programs(facts, "0.3.0", "")), HasSubstr("daemon on disk has version"));
    EXPECT_THAT(worst(judge_programs(facts, "0.2.0", "0.1.0")), HasSubstr("-> threadrunner stop"));
    facts.engine_installed = true;
    facts.engine_signal = SIGILL;
    EXPECT_THAT(worst(judge_programs(facts, "0.2.0", "")), StartsWith("problem: the engine uses"));
    facts.engine = wire::Json{{"version", "0.1.0"}};
    facts.engine_signal = 0;
    EXPECT_THAT(worst(judge_programs(facts, "0.2.0", "")), StartsWith("warning: the engine has"));
    facts.settings_fault = "config.toml:3: no";
    EXPECT_THAT(worst(judge_programs(facts, "0.2.0", "")), StartsWith("problem: config.toml:3"));
}

TEST(DoctorSandbox, WallsThatTheKernelLacksAreFound) {
    ProgramsFacts facts;
    EXPECT_THAT(worst(judge_sandbox(facts, "0.2.0")), StartsWith("note: there is no sandbox"));
    facts.sandbox_installed = true;
    facts.sandbox_fault = "it fails";
    EXPECT_THAT(worst(judge_sandbox(facts, "0.2.0")), StartsWith("problem: it fails"));
    facts.sandbox = wire::Json{
        {"version", "0.2.0"}, {"wasmtime", "50.0.1"}, {"landlock", 3U}, {"seccomp", true}};
    EXPECT_THAT(worst(judge_sandbox(facts, "0.3.0")), StartsWith("warning: the sandbox has"));
    EXPECT_THAT(worst(judge_sandbox(facts, "0.2.0")), HasSubstr("seccomp and Landlock 3"));
    facts.sandbox->at("landlock") = 0U;
    EXPECT_THAT(worst(judge_sandbox(facts, "0.2.0")), HasSubstr("has no Landlock"));
    facts.sandbox->at("landlock") = 3U;
    facts.sandbox->at("seccomp") = false;
    EXPECT_THAT(worst(judge_sandbox(facts, "0.2.0")), HasSubstr("filters no system calls"));
}

TEST(DoctorDevices, GraphicsProcessorsAreShownWithTheirMemory) {
    ProgramsFacts facts;
    EXPECT_TRUE(judge_devices(facts).empty());
    facts.engine = wire::Json{{"devices",
                               {{{"name", "CUDA0"},
                                 {"description", "G"},
                                 {"kind", "gpu"},
                                 {"memory_bytes", 2 * limits::gib},
                                 {"free_bytes", limits::gib}}}}};
    EXPECT_THAT(worst(judge_devices(facts)), HasSubstr("CUDA0: G, 1.0 GiB of 2.0 GiB free"));
    facts.engine = wire::Json{{"devices", wire::Json::array()}};
    EXPECT_THAT(worst(judge_devices(facts)), HasSubstr("computes on the CPU"));
}

TEST(DoctorDaemon, OneThatDoesNotAnswerIsAProblemAndNoneIsNot) {
    EXPECT_THAT(worst(judge_daemon({})), StartsWith("note: none is running"));
    EXPECT_THAT(worst(judge_daemon({.state = DaemonFacts::State::silent, .fault = "it sleeps"})),
                StartsWith("problem: one is running, but it sleeps"));
    EXPECT_THAT(worst(judge_daemon({.state = DaemonFacts::State::answers,
                                    .status = {{"pid", 7}, {"workers", 1}},
                                    .fault = {}})),
                HasSubstr("process 7"));
}

TEST(DoctorLeftovers, WhatADeadDaemonLeftIsFoundAndWhatALivingOneHasIsNot) {
    LeftoverFacts facts{.daemon_answers = true, .socket_exists = true, .daemon_lock_held = true};
    const ProcessFacts daemon{.pid = 10, .parent = 1, .program = "threadrunner-daemon"};
    const ProcessFacts worker{.pid = 11, .parent = 10, .program = "threadrunner-engine"};
    facts.processes = {daemon, worker};
    EXPECT_EQ(worst(judge_leftovers(facts)), "ok: none");
    facts.processes = {worker};
    EXPECT_THAT(worst(judge_leftovers(facts)), HasSubstr("has lost its daemon -> kill 11"));
    facts = {.socket_exists = true, .socket = "/s"};
    EXPECT_THAT(worst(judge_leftovers(facts)), HasSubstr("socket /s is that of a daemon that was"));
    facts = {.processes = {daemon}};
    EXPECT_THAT(worst(judge_leftovers(facts)), HasSubstr("does not listen"));
    facts = {.temporary = {"/h/chat_history.7"}, .old_logs = 3, .logs = "/h/logs"};
    EXPECT_EQ(judge_leftovers(facts).size(), 2U);
}

}  // namespace
}  // namespace threadrunner::cli
