#include "job/job_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace threadrunner {

namespace asio = boost::asio;

JobStream::JobStream(asio::any_io_executor executor, Jobs& jobs)
    : jobs_(jobs), came_(std::move(executor)) {}

JobStream::~JobStream() {
    if (job_ != 0 && !ended_) {
        jobs_.abandon(job_);
    }
}

void JobStream::submit(JobSpec spec) { job_ = jobs_.submit(std::move(spec), *this); }

void JobStream::deliver(std::uint64_t /*seq*/, const Event& event, unsigned credits) {
    items_.push_back({.event = event, .credits = credits});
    ended_ = ends_job(event);
    came_.cancel();
}

asio::awaitable<std::optional<JobStream::Item>> JobStream::next(std::chrono::milliseconds within) {
    came_.expires_after(within);
    co_return co_await wait_and_take();
}

asio::awaitable<std::optional<JobStream::Item>> JobStream::next() {
    came_.expires_at(Clock::time_point::max());
    co_return co_await wait_and_take();
}

asio::awaitable<std::optional<JobStream::Item>> JobStream::wait_and_take() {
    if (items_.empty()) {
        boost::system::error_code ignored;
        co_await came_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return take();
}

std::optional<JobStream::Item> JobStream::take() {
    if (items_.empty()) {
        return std::nullopt;
    }
    Item item = std::move(items_.front());
    items_.pop_front();
    return item;
}

void JobStream::give_back(unsigned credits) {
    if (credits > 0) {
        jobs_.credit(job_, credits);
    }
}

}  // namespace threadrunner
