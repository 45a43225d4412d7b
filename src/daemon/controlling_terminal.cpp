#include "daemon/controlling_terminal.h"

#include <fcntl.h>
#include <signal.h>

#include "base/unique_fd.h"

namespace threadrunner {
namespace {

/// Opening /dev/tty fails for a process that has none, or whose terminal hung up. tty(4).
bool has_terminal() {
    return static_cast<bool>(UniqueFd(::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)));
}

bool ignores_hangups() {
    struct sigaction action{};
    return ::sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

ControllingTerminal::ControllingTerminal() : matters_(has_terminal() && !ignores_hangups()) {}

bool ControllingTerminal::gone() const { return matters_ && !has_terminal(); }

}  // namespace threadrunner
