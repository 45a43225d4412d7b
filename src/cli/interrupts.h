#pragma once

namespace threadrunner::cli {

/// What Ctrl-C does. Once install() was called, it ends the command at once with 130; while a scope
/// lives, the first one is only noted, so that the job under way can be cancelled, and the second
/// ends the command. Where SIGINT is ignored (nohup), it stays ignored. At most one scope at a
/// time.
class InterruptScope {
public:
    /// Once, at the start of main().
    static void install();

    InterruptScope();
    ~InterruptScope();
    InterruptScope(const InterruptScope&) = delete;
    InterruptScope& operator=(const InterruptScope&) = delete;

    /// Ctrl-C came. A poll() that waits when it comes returns with EINTR or sees fd() readable.
    [[nodiscard]] bool noted() const;
    /// Readable once an interrupt was noted; -1 when there is none to watch.
    [[nodiscard]] int fd() const;
};

/// While one lives, Ctrl-C never ends the command: outside of a scope it is noted for the next one,
/// and the second in a scope does nothing. For a program that goes on after what was interrupted.
class InterruptShield {
public:
    InterruptShield();
    ~InterruptShield();
    InterruptShield(const InterruptShield&) = delete;
    InterruptShield& operator=(const InterruptShield&) = delete;
};

}  // namespace threadrunner::cli
