#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace threadrunner::sandbox {

/// Compiles a module in a process of its own, since a compiler leaves threads and memory behind
/// that the module's process has no use for, and since the bytes it reads come from anywhere: it is
/// confined as the module will be, with no folder at all.
///
/// To be started before this process has a second thread. If it is given up, the child is killed.
class Compilation {
public:
    [[nodiscard]] static Result<Compilation> start(std::string module);

    Compilation(Compilation&& other) noexcept;
    Compilation& operator=(Compilation&&) = delete;
    ~Compilation();

    /// At its end when the compiler is done.
    [[nodiscard]] int fd() const { return words_.get(); }

    /// The compiled module, once fd() is at its end. invalid_request: it is none, or one that
    /// Wasmtime cannot run; the message says why.
    [[nodiscard]] Result<std::string> finish();

private:
    Compilation(pid_t pid, UniqueFd words, UniqueFd result)
        : pid_(pid), words_(std::move(words)), result_(std::move(result)) {}

    pid_t pid_ = -1;
    UniqueFd words_;   ///< what went wrong, in words
    UniqueFd result_;  ///< a file in memory
};

}  // namespace threadrunner::sandbox
