#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string_view>

#include "door/http/message.h"

namespace threadrunner::http {

/// How a handler answers one request: with send(), or with begin(), write() as often as it likes,
/// and end(). Each completes when its bytes have left, which is when a worker is due its credit;
/// false means that the client is gone and nothing more is worth doing. On the event loop.
class Reply {
public:
    Reply() = default;
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    virtual ~Reply() = default;

    /// The whole answer.
    [[nodiscard]] virtual boost::asio::awaitable<bool> send(Answer answer) = 0;

    /// The head of an answer whose body comes in pieces.
    [[nodiscard]] virtual boost::asio::awaitable<bool> begin(Answer head) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<bool> write(std::string_view piece) = 0;
    /// Without it the connection is closed, so that a client sees that the answer was cut off.
    [[nodiscard]] virtual boost::asio::awaitable<bool> end() = 0;
    /// Whether a head has been sent: a status can be told no more.
    [[nodiscard]] virtual bool begun() const = 0;

    /// Whether the client has left: closed its connection, or ended its sending side.
    [[nodiscard]] virtual bool gone() const = 0;
    /// Calls the function once, when that happens; an earlier function is forgotten. Whoever gives
    /// one takes it back (with nullptr) before what it refers to goes: the client may leave after
    /// its answer, too.
    virtual void when_gone(std::function<void()> call) = 0;
};

}  // namespace threadrunner::http
