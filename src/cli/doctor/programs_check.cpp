#include "cli/doctor/programs_check.h"

#include <signal.h>

#include <utility>

#include "base/limits.h"
#include "base/program_run.h"
#include "base/settings_file.h"
#include "base/text.h"
#include "cli/daemon_environment.h"
#include "cli/result.h"

namespace threadrunner::cli {
namespace {

constexpr const char* group = "programs";
constexpr std::string_view blanks = " \n";

Result<ProgramRun> run_ours(const Home& home, const char* name, const char* argument) {
    const auto program = find_program(name);
    if (!program) {
        return std::unexpected(program.error());
    }
    return run_program(*program, {argument}, daemon_environment(home),
                       limits::doctor_program_within);
}

void look_at_daemon(const Home& home, ProgramsFacts& facts) {
    const auto version = run_ours(home, "threadrunner-daemon", "--version");
    if (!version || version->exit_code != 0) {
        facts.daemon_fault =
            version ? "threadrunner-daemon --version fails" : version.error().message;
        return;
    }
    facts.daemon_version = trimmed(version->out, blanks);
    if (const auto settings = read_settings(home, {}); !settings) {
        facts.settings_fault = settings.error().message;
    }
}

void look_at_engine(const Home& home, ProgramsFacts& facts) {
    facts.engine_installed = find_program("threadrunner-engine").has_value();
    if (!facts.engine_installed) {
        return;
    }
    const auto run = run_ours(home, "threadrunner-engine", "--devices");
    if (!run) {
        facts.engine_fault = run.error().message;
        return;
    }
    facts.engine_signal = run->signal;
    auto described = wire::decode_json(run->out);
    if (run->exit_code == 0 && described) {
        facts.engine = *std::move(described);
    } else {
        facts.engine_fault = "threadrunner-engine --devices fails: ";
        facts.engine_fault += trimmed(run->err, blanks);
    }
}

void look_at_sandbox(const Home& home, ProgramsFacts& facts) {
    facts.sandbox_installed = find_program("threadrunner-sandbox").has_value();
    if (!facts.sandbox_installed) {
        return;
    }
    const auto run = run_ours(home, "threadrunner-sandbox", "--confinement");
    auto described = run ? wire::decode_json(run->out) : Result<wire::Json>(wire::Json());
    if (run && run->exit_code == 0 && described) {
        facts.sandbox = *std::move(described);
        return;
    }
    facts.sandbox_fault = "threadrunner-sandbox --confinement fails: ";
    facts.sandbox_fault += run ? trimmed(run->err, blanks) : std::string_view(run.error().message);
}

Finding judge_engine(const ProgramsFacts& facts, const std::string& ours) {
    if (!facts.engine_installed) {
        return {Health::note, group, "there is no engine, so no model can be loaded",
                "build with -DTHREADRUNNER_ENGINE=ON (make build), or use the dummy"};
    }
    if (facts.engine_signal == SIGILL) {
        return {Health::problem, group,
                "the engine uses instructions that this processor does not have",
                "build it on this machine: make build"};
    }
    if (!facts.engine) {
        return {Health::problem, group, facts.engine_fault, "build it anew: make build"};
    }
    const std::string version = text_in(*facts.engine, "version");
    if (version != ours) {
        return {Health::warning, group,
                "the engine has version " + version + ", the command " + ours,
                "install all programs from one build"};
    }
    return {Health::ok,
            group,
            "engine " + version + " with llama.cpp " +
                text_in(object_in(*facts.engine, "llama.cpp"), "version"),
            {}};
}

}  // namespace

ProgramsFacts look_at_programs(const Home& home) {
    ProgramsFacts facts;
    look_at_daemon(home, facts);
    look_at_engine(home, facts);
    look_at_sandbox(home, facts);
    return facts;
}

Findings judge_programs(const ProgramsFacts& facts, const std::string& ours,
                        const std::string& running) {
    Findings out;
    if (!facts.daemon_fault.empty()) {
        out.push_back({Health::problem, group, facts.daemon_fault, "install the programs anew"});
    } else if (facts.daemon_version.find(ours) == std::string::npos) {
        out.push_back(
            {Health::warning, group,
             "the daemon on disk has version " + facts.daemon_version + ", the command " + ours,
             "install all programs from one build"});
    } else {
        out.push_back({Health::ok, group, "command and daemon " + ours, {}});
    }
    if (!running.empty() && running != ours) {
        out.push_back({Health::warning, group,
                       "the daemon that runs has version " + running + ", the command " + ours,
                       "threadrunner stop; the next command starts the new one"});
    }
    if (!facts.settings_fault.empty()) {
        out.push_back({Health::problem, "settings", facts.settings_fault,
                       "mend it, or the next daemon will not start"});
    }
    out.push_back(judge_engine(facts, ours));
    return out;
}

Findings judge_sandbox(const ProgramsFacts& facts, const std::string& ours) {
    constexpr const char* walls = "sandbox";
    if (!facts.sandbox_installed) {
        return {{Health::note, walls, "there is no sandbox, so no tool can run",
                 "build with -DTHREADRUNNER_SANDBOX=ON (make build)"}};
    }
    if (!facts.sandbox) {
        return {{Health::problem, walls, facts.sandbox_fault, "install the programs anew"}};
    }
    const std::string theirs = text_in(*facts.sandbox, "version");
    if (theirs != ours) {
        return {{Health::warning, walls,
                 "the sandbox has version " + theirs + ", the command " + ours,
                 "install all programs from one build"}};
    }
    const std::uint64_t landlock = count_in(*facts.sandbox, "landlock");
    const bool seccomp = facts.sandbox->value("seccomp", false);
    Findings out;
    if (landlock == 0) {
        out.push_back({Health::warning, walls,
                       "this kernel has no Landlock: nothing but Wasmtime keeps a tool in its "
                       "directories",
                       "Linux 5.13 or newer with landlock among its security modules (lsm=)"});
    }
    if (!seccomp) {
        out.push_back({Health::warning, walls,
                       "this kernel filters no system calls: nothing but Wasmtime keeps a tool "
                       "from them",
                       "a kernel with CONFIG_SECCOMP_FILTER"});
    }
    if (out.empty()) {
        out.push_back({Health::ok,
                       walls,
                       "Wasmtime " + text_in(*facts.sandbox, "wasmtime") +
                           ", and around it seccomp "
                           "and Landlock " +
                           std::to_string(landlock),
                       {}});
    }
    return out;
}

Findings judge_devices(const ProgramsFacts& facts) {
    if (!facts.engine) {
        return {};
    }
    Findings out;
    bool has_gpu = false;
    for (const wire::Json& device : list_in(*facts.engine, "devices")) {
        const std::uint64_t memory = count_in(device, "memory_bytes");
        const bool gpu = text_in(device, "kind").ends_with("gpu");
        has_gpu = has_gpu || gpu;
        std::string what = text_in(device, "name") + ": " + text_in(device, "description");
        if (gpu) {
            what += ", " + format_bytes(count_in(device, "free_bytes")) + " of " +
                    format_bytes(memory) + " free";
        }
        out.push_back({Health::ok, "devices", std::move(what), {}});
    }
    if (!has_gpu) {
        out.push_back({Health::note,
                       "devices",
                       "the engine sees no graphics processor and computes on the CPU",
                       {}});
    }
    return out;
}

}  // namespace threadrunner::cli
