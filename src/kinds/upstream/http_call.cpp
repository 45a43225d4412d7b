#include "kinds/upstream/http_call.h"

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "base/version.h"

namespace threadrunner {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using ErrorCodeOut = boost::system::error_code;
using Tcp = asio::ip::tcp;

auto no_throw(ErrorCodeOut& error) { return asio::redirect_error(asio::use_awaitable, error); }

std::string header_text(const http::fields& fields, http::field name) {
    const auto value = fields[name];
    return utf8_repair(
        std::string_view(value.data(), std::min(value.size(), limits::http_header_shown_max)));
}

bool is_parse_error(const ErrorCodeOut& error) {
    static const auto& category = http::make_error_code(http::error::bad_method).category();
    return error.category() == category;
}

http::request<http::string_body> message_of(const HttpAddress& address,
                                            const HttpRequest& request) {
    constexpr unsigned http_1_1 = 11;
    http::request<http::string_body> out(http::string_to_verb(request.method),
                                         address.base + request.path, http_1_1);
    out.set(http::field::host, address.authority());
    out.set(http::field::user_agent, "threadrunner/" + std::string(version));
    out.set(http::field::accept, "application/json, text/event-stream");
    out.set(http::field::connection, "close");
    if (!request.key.empty()) {
        out.set(http::field::authorization, "Bearer " + request.key);
    }
    if (!request.body.empty()) {
        out.set(http::field::content_type, "application/json");
        out.body() = request.body;
    }
    out.prepare_payload();
    return out;
}

}  // namespace

struct HttpCall::Connection {
    explicit Connection(const asio::any_io_executor& executor)
        : resolver(executor), socket(executor), timer(executor) {
        parser.header_limit(limits::http_head_bytes_max);
        parser.body_limit(boost::none);  // a stream has none; who collects a document bounds it
    }

    asio::awaitable<ErrorCodeOut> connect(const HttpAddress& address,
                                          std::chrono::milliseconds within) {
        timer.expires_after(within);
        timer.async_wait([this](const ErrorCodeOut& cancelled) {
            if (!cancelled) {
                late = true;
                close();
            }
        });
        ErrorCodeOut error;
        const auto found = co_await resolver.async_resolve(
            address.host, std::to_string(address.port), no_throw(error));
        if (!error && !closed) {
            co_await asio::async_connect(socket, found, no_throw(error));
        }
        timer.cancel();
        if (closed) {
            error = asio::error::operation_aborted;
        }
        if (!error) {
            socket.set_option(Tcp::no_delay(true), error);
        }
        co_return error;
    }

    void close() {
        closed = true;
        ErrorCodeOut ignored;
        resolver.cancel();
        socket.close(ignored);
    }

    /// What a failure after the connection means.
    [[nodiscard]] std::unexpected<Error> failure(const ErrorCodeOut& error) const {
        if (closed) {
            return fail(ErrorCode::cancelled, "the request was taken back");
        }
        const std::string who = "the server at " + server;
        if (error == http::error::header_limit) {
            return fail(ErrorCode::too_large, who + " sent a head of more than " +
                                                  format_bytes(limits::http_head_bytes_max));
        }
        if (error == http::error::end_of_stream || error == http::error::partial_message ||
            !is_parse_error(error)) {
            return fail(ErrorCode::worker_crashed,
                        who +
                            " closed the connection in the midst of its answer; send the request "
                            "again, and look into the server's own log");
        }
        return fail(ErrorCode::inference_failed,
                    who + " did not answer in HTTP (" + error.message() +
                        "); is it a web server, and does it expect http://?");
    }

    Tcp::resolver resolver;
    Tcp::socket socket;
    asio::steady_timer timer;
    boost::beast::flat_buffer buffer{limits::http_head_bytes_max};
    http::response_parser<http::buffer_body> parser;
    std::vector<char> piece = std::vector<char>(limits::http_piece_bytes_max);
    std::string server;
    bool closed = false;
    bool late = false;
};

HttpCall::HttpCall(asio::any_io_executor executor)
    : connection_(std::make_unique<Connection>(executor)) {}

HttpCall::~HttpCall() = default;

asio::awaitable<Result<HttpHead>> HttpCall::send(const HttpAddress& address,
                                                 const HttpRequest& request,
                                                 std::chrono::milliseconds connect_within) {
    Connection& connection = *connection_;
    connection.server = address.url();
    ErrorCodeOut error = co_await connection.connect(address, connect_within);
    if (connection.late) {
        co_return fail(ErrorCode::unreachable, "the server at " + connection.server +
                                                   " took no connection within " +
                                                   format_duration(connect_within));
    }
    if (connection.closed) {
        co_return connection.failure(error);
    }
    if (error) {
        co_return fail(ErrorCode::unreachable, "cannot connect to the server at " +
                                                   connection.server + ": " + error.message() +
                                                   "; start it, or correct upstream.url");
    }
    const auto message = message_of(address, request);
    co_await http::async_write(connection.socket, message, no_throw(error));
    if (!error) {
        co_await http::async_read_header(connection.socket, connection.buffer, connection.parser,
                                         no_throw(error));
    }
    if (error) {
        co_return connection.failure(error);
    }
    const auto& head = connection.parser.get();
    co_return HttpHead{.status = static_cast<int>(head.result_int()),
                       .content_type = small_letters(header_text(head, http::field::content_type)),
                       .location = header_text(head, http::field::location)};
}

asio::awaitable<Result<std::string>> HttpCall::read() {
    Connection& connection = *connection_;
    while (!connection.parser.is_done()) {
        auto& body = connection.parser.get().body();
        body.data = connection.piece.data();
        body.size = connection.piece.size();
        ErrorCodeOut error;
        co_await http::async_read_some(connection.socket, connection.buffer, connection.parser,
                                       no_throw(error));
        const std::size_t got = connection.piece.size() - body.size;
        if (got > 0) {
            co_return std::string(connection.piece.data(), got);
        }
        if (error && error != http::error::need_buffer) {
            co_return connection.failure(error);
        }
    }
    co_return std::string();
}

void HttpCall::close() { connection_->close(); }

}  // namespace threadrunner
