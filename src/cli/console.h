#pragma once

#include <cstddef>

#include "base/error.h"
#include "cli/screen.h"

namespace threadrunner::cli {

/// Writes a Screen to two descriptors, which it borrows. A reader that does not read (a pager, a
/// stopped terminal) never blocks pump(), so that the caller goes on watching its deadlines and
/// Ctrl-C; a reader that left is no error but a fact.
class Console {
public:
    Console(int out_fd, int err_fd);

    [[nodiscard]] Screen& screen() { return screen_; }

    /// Writes what can be written now. An error (a full disk) is final.
    [[nodiscard]] Result<void> pump();

    /// Writes everything, waiting for the reader as long as that takes, as any filter does.
    [[nodiscard]] Result<void> flush();

    /// The bytes that wait.
    [[nodiscard]] std::size_t pending_bytes();

    /// The descriptor to poll for POLLOUT while bytes wait, -1 when none do.
    [[nodiscard]] int waits_for();

    /// The descriptor that shows POLLERR when the reader of stdout leaves.
    [[nodiscard]] int out_fd() const { return out_fd_; }

    /// The reader of stdout has closed it: nothing written there arrives any more.
    [[nodiscard]] bool reader_left() const { return reader_left_; }
    void note_reader_left() { reader_left_ = true; }

private:
    enum class Step : bool { blocked, written };
    Result<Step> write_front();
    [[nodiscard]] int fd_of(Screen::Stream stream) const;

    int out_fd_;
    int err_fd_;
    Screen screen_;
    std::size_t taken_ = 0;  ///< bytes of the first piece already written
    bool reader_left_ = false;
    bool err_closed_ = false;
};

}  // namespace threadrunner::cli
