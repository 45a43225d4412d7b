#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "wire/decode.h"

namespace threadrunner::http {

/// What happens in the daemon, for whoever follows it: each entry a server-sent event. Nobody is
/// waited for: a follower that is too slow loses the oldest, and is told how many. On the event
/// loop.
class Bulletin {
public:
    /// One who follows, from when it is made until it goes. The bulletin outlives it.
    class Follower {
    public:
        /// `owner`: only what is everybody's and this owner's; empty: all.
        Follower(boost::asio::any_io_executor executor, Bulletin& bulletin, std::string owner);
        Follower(const Follower&) = delete;
        Follower& operator=(const Follower&) = delete;
        ~Follower();

        /// What has come since; nothing when nothing came in time, or wake() was called.
        [[nodiscard]] boost::asio::awaitable<std::string> next(std::chrono::milliseconds within);
        void wake() { came_.cancel(); }

    private:
        friend class Bulletin;
        void take(const std::string& entry, std::string_view owner);

        Bulletin& bulletin_;
        const std::string owner_;
        boost::asio::steady_timer came_;  ///< a condition: cancelled when an entry came
        std::deque<std::string> entries_;
        std::size_t lost_ = 0;
    };

    /// `owner`: whose job it is about; empty: nobody's.
    void tell(std::string_view event, const wire::Json& data, std::string_view owner = {});

    /// Nothing more will be told: followers may go.
    void close();
    [[nodiscard]] bool closed() const { return closed_; }

private:
    std::set<Follower*> followers_;
    bool closed_ = false;
};

}  // namespace threadrunner::http
