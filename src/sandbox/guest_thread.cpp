#include "sandbox/guest_thread.h"

#include <sys/eventfd.h>

#include "sandbox/file_calls.h"

namespace threadrunner::sandbox {

GuestThread::GuestThread(std::unique_ptr<Guest> guest, int bell)
    : guest_(std::move(guest)), bell_(bell), thread_([this] { live(); }) {}

GuestThread::News GuestThread::take_news() {
    const std::lock_guard lock(mutex_);
    return std::exchange(news_, {});
}

void GuestThread::live() {
    keep_threads_together();
    auto started = guest_->instantiate();
    const bool runs = started.has_value();
    {
        const std::lock_guard lock(mutex_);
        news_.started = std::move(started);
    }
    ring();
    if (!runs) {
        return;
    }
    Error end = guest_->run();
    {
        const std::lock_guard lock(mutex_);
        news_.ended = std::move(end);
    }
    ring();
}

void GuestThread::ring() const { ::eventfd_write(bell_, 1); }

}  // namespace threadrunner::sandbox
