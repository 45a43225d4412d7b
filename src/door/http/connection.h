#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/settings.h"
#include "door/http/message.h"
#include "door/http/reply.h"
#include "door/http/server.h"
#include "door/http/unserved.h"
#include "door/peer.h"

namespace threadrunner::http {

/// What the connections of a server have in common; outlives them.
struct Common {
    boost::asio::any_io_executor executor;
    const Settings& settings;
    Server::Handler handler;
    Server::Refusal refusal;
    std::string id_prefix;       ///< of the request ids that are made here
    std::uint64_t last_id = 0;   ///< of those
    std::size_t body_bytes = 0;  ///< of requests that are being read or answered
};

/// One connection, and the answer to its request at hand. Lives inside the coroutine that awaits
/// run().
class Connection : public Reply {
public:
    using Socket = boost::asio::generic::stream_protocol::socket;

    Connection(Common& common, Socket socket, Via via, std::string session)
        : common_(common),
          socket_(std::move(socket)),
          via_(via),
          session_(std::move(session)),
          own_user_(via == Via::loopback && peer_is_own_user(socket_.native_handle())) {
        socket_.non_blocking(true);
    }

    [[nodiscard]] boost::asio::awaitable<void> run();
    /// Answers with an error and no more.
    [[nodiscard]] boost::asio::awaitable<void> refuse(Unserved why);
    /// Takes no request after the one at hand.
    void finish();
    /// Closes at once.
    void abort();

    [[nodiscard]] boost::asio::awaitable<bool> send(Answer answer) override;
    [[nodiscard]] boost::asio::awaitable<bool> begin(Answer head) override;
    [[nodiscard]] boost::asio::awaitable<bool> write(std::string_view piece) override;
    [[nodiscard]] boost::asio::awaitable<bool> end() override;
    [[nodiscard]] bool begun() const override { return begun_; }
    [[nodiscard]] bool gone() const override { return gone_; }
    void when_gone(std::function<void()> call) override { when_gone_ = std::move(call); }

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    /// Bytes of a body in memory, counted until the request has been answered.
    class BodyShare {
    public:
        explicit BodyShare(Common& common) : common_(common) {}
        BodyShare(const BodyShare&) = delete;
        BodyShare& operator=(const BodyShare&) = delete;
        ~BodyShare() { common_.body_bytes -= bytes_; }

        /// False when all requests together have more than they may.
        [[nodiscard]] bool grow_to(std::size_t bytes) {
            common_.body_bytes += bytes - bytes_;
            bytes_ = bytes;
            return common_.body_bytes <= limits::http_bodies_bytes_max;
        }

    private:
        Common& common_;
        std::size_t bytes_ = 0;
    };

    [[nodiscard]] boost::asio::awaitable<bool> wait_for_request();
    [[nodiscard]] boost::asio::awaitable<void> serve_request();
    [[nodiscard]] boost::asio::awaitable<std::optional<Unserved>> read_head(Parser& parser);
    [[nodiscard]] boost::asio::awaitable<std::optional<Unserved>> read_body(Parser& parser,
                                                                            BodyShare& share);
    [[nodiscard]] Request request_of(Parser::value_type message);
    [[nodiscard]] boost::asio::awaitable<void> handle(const Request& request);
    [[nodiscard]] boost::asio::awaitable<void> watch();
    void read_ahead();
    void lose();
    /// How the end of an answer is told.
    enum class Framing : std::uint8_t { length, chunks, no_body };
    [[nodiscard]] std::string head_of(const Answer& answer, Framing framing);
    [[nodiscard]] boost::asio::awaitable<bool> write_all(std::string_view bytes);
    [[nodiscard]] boost::asio::awaitable<void> linger();

    Common& common_;
    Socket socket_;
    const Via via_;
    const std::string session_;
    const bool own_user_;
    boost::beast::flat_buffer buffer_{2 * limits::http_header_bytes_max};
    std::string chunk_;  ///< kept for its capacity while a stream lasts
    std::function<void()> when_gone_;
    std::string request_id_;
    unsigned version_ = 11;  ///< of the request: 1.1
    unsigned status_ = 0;    ///< that was told last
    bool head_only_ = false;
    bool keep_alive_ = true;
    bool closing_ = false;
    bool request_at_hand_ = false;
    bool begun_ = false;
    bool ended_ = false;
    bool gone_ = false;
};

}  // namespace threadrunner::http
