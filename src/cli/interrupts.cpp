#include "cli/interrupts.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/error.h"

namespace threadrunner::cli {
namespace {

// A signal handler reaches only globals. Written by the main thread before and after, by the
// handler in between.
volatile sig_atomic_t scope_lives = 0;
volatile sig_atomic_t shield_lives = 0;
volatile sig_atomic_t interrupted = 0;
volatile sig_atomic_t wake_fd = -1;

extern "C" void on_interrupt(int) {
    if (shield_lives == 0 && (scope_lives == 0 || interrupted != 0)) {
        ::_exit(static_cast<int>(ExitCode::interrupted));
    }
    interrupted = 1;
    const int saved = errno;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_fd, &one, sizeof(one));
    errno = saved;
}

}  // namespace

void InterruptScope::install() {
    wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action{};
    if (::sigaction(SIGINT, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
        return;
    }
    action = {};
    action.sa_handler = on_interrupt;
    ::sigaction(SIGINT, &action, nullptr);
}

InterruptScope::InterruptScope() { scope_lives = 1; }

InterruptScope::~InterruptScope() {
    scope_lives = 0;
    interrupted = 0;
    std::uint64_t drained = 0;
    [[maybe_unused]] const ssize_t read = ::read(wake_fd, &drained, sizeof(drained));
}

bool InterruptScope::noted() const { return interrupted != 0; }

int InterruptScope::fd() const { return wake_fd; }

InterruptShield::InterruptShield() { shield_lives = 1; }

InterruptShield::~InterruptShield() { shield_lives = 0; }

}  // namespace threadrunner::cli
