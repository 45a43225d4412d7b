#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/version.h"
#include "cli/commands/commands.h"
#include "cli/daemon_address.h"
#include "cli/doctor/cpu_check.h"
#include "cli/doctor/daemon_check.h"
#include "cli/doctor/disk_check.h"
#include "cli/doctor/home_check.h"
#include "cli/doctor/leftovers_check.h"
#include "cli/doctor/limits_check.h"
#include "cli/doctor/memory_check.h"
#include "cli/doctor/models_check.h"
#include "cli/doctor/programs_check.h"
#include "cli/result.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

std::vector<std::string> compiled_for(const ProgramsFacts& programs) {
    std::vector<std::string> out;
    for (const wire::Json& name :
         programs.engine ? list_in(*programs.engine, "cpu") : wire::Json::array()) {
        if (name.is_string()) {
            out.push_back(name.get<std::string>());
        }
    }
    return out;
}

MemoryFacts memory_of(const DaemonFacts& daemon) {
    MemoryFacts facts = look_at_memory();
    const wire::Json& memory = object_in(daemon.status, "memory");
    if (has_in(memory, "budget_bytes")) {
        facts.budget_bytes = count_in(memory, "budget_bytes");
        facts.reserved_bytes = count_in(memory, "reserved_bytes");
    }
    return facts;
}

Findings examine(const DaemonAddress& address) {
    const Home& home = address.home;
    const ProgramsFacts programs = look_at_programs(home);
    const DaemonFacts daemon =
        look_at_daemon(address.socket, Clock::now() + limits::doctor_daemon_within);
    const bool answers = daemon.state == DaemonFacts::State::answers;
    Findings all;
    const auto add = [&all](Findings findings) {
        std::ranges::move(findings, std::back_inserter(all));
    };
    add(judge_programs(programs, std::string(version), text_in(daemon.status, "version")));
    add(judge_daemon(daemon));
    add(judge_cpu(look_at_cpu(), compiled_for(programs)));
    add(judge_devices(programs));
    add(judge_sandbox(programs, std::string(version)));
    add(judge_memory(memory_of(daemon)));
    add(judge_limits(look_at_limits()));
    add(judge_home(look_at_home(home)));
    add(check_socket_place(address.socket));
    add(judge_disks(look_at_disks(home)));
    add(judge_models(look_at_models(home.models(), Clock::now() + limits::doctor_models_within)));
    add(judge_leftovers(look_for_leftovers(home, address.socket, answers)));
    return all;
}

std::size_t count_of(const Findings& findings, Health health) {
    return static_cast<std::size_t>(std::ranges::count(findings, health, &Finding::health));
}

std::string counted(std::size_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string for_people(const Findings& findings, bool colour) {
    constexpr std::string_view indent = "                    ";
    std::string out;
    for (const Finding& finding : findings) {
        std::string left(health_name(finding.health));
        left.resize(9, ' ');
        const bool loud = colour && finding.health >= Health::warning;
        out += loud ? "\x1b[1m" + left + "\x1b[0m" : left;
        left = finding.group;
        left.resize(11, ' ');
        std::string what = safe_text(finding.what);
        for (std::size_t at = 0; (at = what.find('\n', at)) != std::string::npos; ++at) {
            what.insert(at + 1, indent);
        }
        out += left + what + "\n";
        if (!finding.remedy.empty()) {
            out += std::string(indent) + "-> " + safe_text(finding.remedy) + "\n";
        }
    }
    return out + "\n" + counted(count_of(findings, Health::problem), "problem") + ", " +
           counted(count_of(findings, Health::warning), "warning") + "\n";
}

std::string for_programs(const Findings& findings) {
    wire::Json list = wire::Json::array();
    for (const Finding& finding : findings) {
        wire::Json one = {{"health", health_name(finding.health)},
                          {"group", finding.group},
                          {"what", finding.what}};
        if (!finding.remedy.empty()) {
            one["remedy"] = finding.remedy;
        }
        list.push_back(std::move(one));
    }
    return wire::encode_json({{"findings", std::move(list)},
                              {"problems", count_of(findings, Health::problem)},
                              {"warnings", count_of(findings, Health::warning)}}) +
           "\n";
}

}  // namespace

Outcome run_doctor(const Invocation& invocation, Context& context) {
    const Options& options = invocation.options;
    const auto address = find_daemon_address(options);
    // without an address there is no more to look at than why
    const Findings findings =
        address ? examine(*address)
                : Findings{{Health::problem, "socket", address.error().message, {}}};
    const bool colour = context.terminal.out && context.terminal.colour;
    context.console.screen().out(options.json ? for_programs(findings)
                                              : for_people(findings, colour));
    return count_of(findings, Health::problem) > 0 ? ExitCode::unknown : ExitCode::success;
}

}  // namespace threadrunner::cli
