#include "base/version.h"

#include <string>

#include "cli/commands/commands.h"

namespace threadrunner::cli {

Outcome run_version(const Invocation& invocation, Context& context) {
    Screen& screen = context.console.screen();
    if (invocation.options.json) {
        screen.out(wire::encode_json(
                       {{"version", version},
                        {"llama.cpp", {{"version", llama_version}, {"commit", llama_commit}}}}) +
                   "\n");
    } else {
        screen.out("threadrunner " + std::string(version) + " (llama.cpp " +
                   std::string(llama_version) + ", " + std::string(llama_commit) + ")\n");
    }
    return ExitCode::success;
}

}  // namespace threadrunner::cli
