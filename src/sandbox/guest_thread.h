#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/unique_fd.h"
#include "sandbox/guest.h"

namespace threadrunner::sandbox {

/// The thread on which a module runs. It may never come back: this is destroyed with the process,
/// by its end.
class GuestThread {
public:
    /// What the thread has to say.
    struct News {
        std::optional<Result<void>> started;  ///< or why not
        std::optional<Error> ended;           ///< after it had started
    };

    /// `bell` is an eventfd of the caller's that is rung when there is news.
    GuestThread(std::unique_ptr<Guest> guest, int bell);

    /// What there is since the last call. Any thread.
    [[nodiscard]] News take_news();

    /// See Guest. Any thread.
    void interrupt() const { guest_->interrupt(); }

private:
    void live();
    void ring() const;

    std::unique_ptr<Guest> guest_;
    int bell_;
    std::mutex mutex_;
    News news_;
    std::thread thread_;  ///< last: it uses the others
};

}  // namespace threadrunner::sandbox
