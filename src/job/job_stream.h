#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <optional>

#include "job/jobs.h"

namespace threadrunner {

/// A job as a handler sees it: its events, awaited one after the other. Whoever lets go of the
/// stream before the job's end has it cancelled. What waits here is bounded by the worker's credit.
class JobStream : private EventSink {
public:
    JobStream(boost::asio::any_io_executor executor, Jobs& jobs);
    ~JobStream() override;

    /// To be called once.
    void submit(JobSpec spec);

    struct Item {
        Event event;
        unsigned credits = 0;  ///< to be given back when the event's bytes have left
    };

    /// The next event; nothing when none came in time, or wake() was called.
    [[nodiscard]] boost::asio::awaitable<std::optional<Item>> next(
        std::chrono::milliseconds within);
    /// The next event, however long the job takes; nothing when wake() was called.
    [[nodiscard]] boost::asio::awaitable<std::optional<Item>> next();
    /// The next event if there is one already.
    [[nodiscard]] std::optional<Item> take();
    /// Whether that is a piece of an answer.
    [[nodiscard]] bool next_is_body() const {
        return !items_.empty() && std::holds_alternative<event::Body>(items_.front().event);
    }
    /// Ends a wait in next().
    void wake() { came_.cancel(); }

    void give_back(unsigned credits);
    /// As clients know it: "j17".
    [[nodiscard]] std::string name() const { return job_name(job_); }

private:
    [[nodiscard]] boost::asio::awaitable<std::optional<Item>> wait_and_take();
    void deliver(std::uint64_t seq, const Event& event, unsigned credits) override;

    Jobs& jobs_;
    boost::asio::steady_timer came_;  ///< a condition: cancelled when an event came
    std::deque<Item> items_;
    JobId job_ = 0;
    bool ended_ = false;
};

}  // namespace threadrunner
