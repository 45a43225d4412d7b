#include "cli/doctor/leftovers_check.h"

#include <algorithm>
#include <chrono>
#include <system_error>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* group = "leftovers";
constexpr std::string_view daemon_program = "threadrunner-daemon";

void look_at_logs(const fs::path& folder, LeftoverFacts& facts) {
    facts.logs = folder;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        std::error_code gone;
        const auto changed = it->last_write_time(gone);
        if (!gone && fs::file_time_type::clock::now() - changed > limits::doctor_logs_old_after) {
            ++facts.old_logs;
        }
        const auto bytes = it->file_size(gone);
        facts.logs_bytes += gone ? 0 : bytes;
    }
}

/// Files of ours are written under another name first, with the writer's number at its end.
void look_at_temporary(const fs::path& folder, LeftoverFacts& facts) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const std::string ending = it->path().extension().string();
        const bool numbered =
            ending.size() > 1 && ending.find_first_not_of("0123456789", 1) == std::string::npos;
        if (numbered || ending == ".tmp") {
            facts.temporary.push_back(it->path().string());
        }
    }
}

bool runs(const std::vector<ProcessFacts>& processes, pid_t pid) {
    return std::ranges::any_of(processes, [pid](const ProcessFacts& process) {
        return process.pid == pid && process.program == daemon_program;
    });
}

Findings judge_processes(const LeftoverFacts& facts) {
    Findings out;
    for (const ProcessFacts& process : facts.processes) {
        const std::string kill = "kill " + std::to_string(process.pid);
        const std::string name = process.program + ", process " + std::to_string(process.pid) + ",";
        if (process.program == daemon_program) {
            if (!facts.daemon_answers) {
                out.push_back(
                    {Health::warning, group,
                     name + " belongs to this home and does not listen at " + facts.socket.string(),
                     "it may be starting or ending, or serve another socket; else: " + kill});
            }
        } else if (!runs(facts.processes, process.parent)) {
            out.push_back({Health::warning, group, name + " has lost its daemon", kill});
        }
    }
    return out;
}

}  // namespace

LeftoverFacts look_for_leftovers(const Home& home, const fs::path& socket, bool daemon_answers) {
    LeftoverFacts facts;
    std::error_code error;
    facts.daemon_answers = daemon_answers;
    facts.socket = socket;
    facts.socket_exists = fs::exists(fs::symlink_status(socket, error));
    facts.daemon_lock_held = is_locked(home.daemon_lock());
    facts.start_lock_held = is_locked(home.start_lock());
    for (ProcessFacts& process : our_processes()) {
        if (process.home == home.root.string()) {
            facts.processes.push_back(std::move(process));
        }
    }
    look_at_temporary(home.root, facts);
    look_at_temporary(home.run(), facts);
    look_at_logs(home.logs(), facts);
    return facts;
}

Findings judge_leftovers(const LeftoverFacts& facts) {
    Findings out = judge_processes(facts);
    if (facts.socket_exists && !facts.daemon_answers && !facts.daemon_lock_held) {
        out.push_back(
            {Health::warning, group,
             "the socket " + facts.socket.string() + " is that of a daemon that was killed",
             "the next daemon replaces it; threadrunner logs may say what happened"});
    }
    if (facts.start_lock_held && !facts.daemon_answers) {
        out.push_back({Health::note, group, "a command is starting the daemon at this moment", {}});
    }
    if (!facts.temporary.empty()) {
        out.push_back({Health::note, group, "unfinished files, such as " + facts.temporary.front(),
                       "remove them if no daemon and no command runs"});
    }
    if (facts.old_logs > 0) {
        out.push_back({Health::note, group,
                       std::to_string(facts.old_logs) + " logs are older than two weeks; all in " +
                           facts.logs.string() + " take " + format_bytes(facts.logs_bytes),
                       "remove what you do not need"});
    }
    if (out.empty()) {
        out.push_back({Health::ok, group, "none", {}});
    }
    return out;
}

}  // namespace threadrunner::cli
