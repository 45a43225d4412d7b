#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "sandbox/compilation.h"
#include "sandbox/deadline.h"
#include "sandbox/guest.h"
#include "sandbox/load_order.h"
#include "sandbox/module_cache.h"
#include "sandbox/open_grant.h"
#include "wire/decode.h"

namespace threadrunner::sandbox {

/// From a `load` frame to a module that can run: its file, its directories, its compiled form out
/// of the cache or from a compiler. Owns no thread; whoever waits polls fd() until ready().
class Loading {
public:
    using Clock = Deadline::Clock;

    /// Begins: afterwards it is ready, or a compiler is at work.
    [[nodiscard]] static Result<Loading> begin(const wire::Json& frame);

    [[nodiscard]] bool ready() const { return module_.has_value(); }
    /// Becomes readable when finish_compiling() is wanted; -1: nobody compiles.
    [[nodiscard]] int fd() const { return compilation_ ? compilation_->fd() : -1; }
    /// When the compiler has had time enough.
    [[nodiscard]] std::optional<Clock::time_point> give_up_at() const {
        return compilation_ ? std::optional(give_up_at_) : std::nullopt;
    }

    /// Takes what the compiler made, and keeps it in the cache.
    [[nodiscard]] Result<void> finish_compiling();

    /// Confines this process to what was granted and makes the guest, once ready. `deadline` must
    /// outlive it.
    [[nodiscard]] Result<std::unique_ptr<Guest>> make_guest(const Deadline& deadline);

    /// Whether the compiled form was there already.
    [[nodiscard]] bool cached() const { return cached_; }

private:
    explicit Loading(LoadOrder order) : order_(std::move(order)) {}

    void open_cache();
    [[nodiscard]] bool take_cached();

    LoadOrder order_;
    std::vector<OpenGrant> grants_;
    wasmtime::Engine engine_ = make_engine();
    std::optional<ModuleCache> cache_;
    std::string sha256_;
    std::optional<wasmtime::Module> module_;
    bool cached_ = false;
    std::optional<Compilation> compilation_;
    Clock::time_point give_up_at_;
};

}  // namespace threadrunner::sandbox
