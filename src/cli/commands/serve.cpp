#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "base/paths.h"
#include "base/pointers_to.h"
#include "cli/commands/commands.h"
#include "cli/daemon_address.h"
#include "cli/daemon_environment.h"

namespace threadrunner::cli {

Outcome run_serve(const Invocation& invocation, Context&) {
    const auto address = find_daemon_address(invocation.options);
    if (!address) {
        return std::unexpected(address.error());
    }
    const auto program = find_program("threadrunner-daemon");
    if (!program) {
        return std::unexpected(Failure(ExitCode::connection, program.error().message));
    }
    std::vector<std::string> arguments = {program->string(), "--socket", address->socket.string()};
    for (const std::string& setting : invocation.options.settings) {
        arguments.insert(arguments.end(), {"--set", setting});
    }
    std::vector<std::string> variables = daemon_environment(address->home);
    ::signal(SIGPIPE, SIG_DFL);  // exec hands on what is ignored
    ::execve(program->c_str(), pointers_to(arguments).data(), pointers_to(variables).data());
    return std::unexpected(
        Failure(ExitCode::connection, system_message("cannot start " + program->string(), errno)));
}

}  // namespace threadrunner::cli
