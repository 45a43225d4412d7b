#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "sandbox/deadline.h"
#include "sandbox/load_order.h"
#include "sandbox/open_grant.h"
#include "sandbox/runtime.h"

namespace threadrunner::sandbox {

/// A module as it stands in its sandbox: WASI with the granted directories and this process's
/// standard streams, bounded memory, and an interruption when its deadline has passed. Made on one
/// thread, then used on another, which may stay in it for ever.
class Guest {
public:
    /// `deadline` must outlive the guest.
    [[nodiscard]] static Result<std::unique_ptr<Guest>> make(wasmtime::Engine& engine,
                                                             wasmtime::Module module,
                                                             const LoadOrder& order,
                                                             std::vector<OpenGrant> grants,
                                                             const Deadline& deadline);

    [[nodiscard]] std::span<const OpenGrant> grants() const { return grants_; }

    /// Links the module and runs its start function. Errors: not_supported: it imports what the
    /// sandbox does not have, or is no command; out_of_memory: it begins with more than it may
    /// have; worker_crashed, timeout: its start function.
    [[nodiscard]] Result<void> instantiate();

    /// Runs the module's main function to its end, and says how it came: worker_crashed, or
    /// timeout.
    [[nodiscard]] Error run();

    /// Makes the module look at the deadline. Any thread.
    void interrupt() const { engine_.increment_epoch(); }

private:
    Guest(wasmtime::Engine& engine, wasmtime::Module module, std::vector<OpenGrant> grants,
          const Deadline& deadline);

    [[nodiscard]] Result<void> configure(const LoadOrder& order);
    [[nodiscard]] Result<void> link();
    [[nodiscard]] Error end_of(const wasmtime::TrapError& trap) const;

    const Deadline& deadline_;
    wasmtime::Engine engine_;
    wasmtime::Module module_;
    std::vector<OpenGrant> grants_;
    wasmtime::Store store_;
    wasmtime::Linker linker_;
    std::optional<wasmtime::Func> start_;
    std::int64_t memory_mib_ = 0;
    bool interrupted_ = false;  ///< it was the deadline that ended it
};

}  // namespace threadrunner::sandbox
