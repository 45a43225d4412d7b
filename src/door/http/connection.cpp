#include "door/http/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <charconv>
#include <exception>

#include "base/http_date.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"

namespace threadrunner::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using namespace asio::experimental::awaitable_operators;
using asio::awaitable;
using SystemError = boost::system::error_code;

constexpr unsigned http_1_1 = 11;
constexpr std::size_t read_bytes = 4 * limits::kib;
constexpr std::size_t request_id_bytes_max = 128;
constexpr auto linger_for = std::chrono::seconds(1);
constexpr std::size_t linger_bytes_max = 1 * limits::mib;

auto no_throw(SystemError& error) { return asio::redirect_error(asio::use_awaitable, error); }

std::string_view text_of(const auto& text) { return {text.data(), text.size()}; }

/// The client's own id, if it can stand in a header and in a log.
bool is_request_id(std::string_view text) {
    return !text.empty() && text.size() <= request_id_bytes_max &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

/// The bytes of a message's head.
std::string head_text(const beast_http::response<beast_http::empty_body>& head) {
    beast_http::response_serializer<beast_http::empty_body> serializer(head);
    std::string out;
    SystemError error;
    serializer.next(error, [&](SystemError&, const auto& buffers) {
        for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
            out.append(static_cast<const char*>(buffer.data()), buffer.size());
        }
    });
    return out;
}

/// The path and the query of a request's target, which a proxy may have made absolute.
void split_target(std::string_view target, Request& out) {
    if (const std::size_t scheme = target.find("://");
        !target.starts_with('/') && scheme != target.npos) {
        const std::size_t path = target.find('/', scheme + 3);
        target = path == target.npos ? std::string_view("/") : target.substr(path);
    }
    const std::size_t question = std::min(target.find('?'), target.size());
    out.path = target.substr(0, question);
    out.query = target.substr(std::min(question + 1, target.size()));
}

}  // namespace

awaitable<void> Connection::run() {
    while (!closing_) {
        const bool comes = co_await wait_for_request();
        if (!comes) {
            co_return;
        }
        request_at_hand_ = true;
        co_await serve_request();
        request_at_hand_ = false;
        if (!keep_alive_) {
            co_await linger();
            co_return;
        }
        chunk_ = {};
        if (buffer_.size() == 0) {
            buffer_.shrink_to_fit();
        }
    }
}

/// False when none comes.
awaitable<bool> Connection::wait_for_request() {
    if (buffer_.size() > 0) {
        co_return true;
    }
    SystemError fault;
    SystemError ignored;
    asio::steady_timer clock(common_.executor, common_.settings.http_idle);
    const auto first = co_await (socket_.async_wait(Socket::wait_read, no_throw(fault)) ||
                                 clock.async_wait(no_throw(ignored)));
    co_return first.index() == 0 && !fault;
}

awaitable<void> Connection::serve_request() {
    Parser parser;
    BodyShare share(common_);
    auto refused = co_await read_head(parser);
    if (!refused && !gone_) {
        refused = co_await read_body(parser, share);
    }
    if (refused) {
        Unserved why = *std::move(refused);
        co_await refuse(std::move(why));
        co_return;
    }
    if (gone_) {
        keep_alive_ = false;
        co_return;
    }
    keep_alive_ = parser.keep_alive();
    const Request request = request_of(parser.release());
    begun_ = ended_ = false;
    co_await (handle(request) || watch());
    log::debug("http", "request {}: {} {}, {}{}", request.id, request.method, request.path, status_,
               gone_ ? ", its client left" : "");
    keep_alive_ = keep_alive_ && ended_ && !gone_ && !closing_;
}

/// Sets gone_ when the connection ends instead.
awaitable<std::optional<Unserved>> Connection::read_head(Parser& parser) {
    parser.header_limit(limits::http_header_bytes_max);
    parser.body_limit(limits::http_body_bytes_max);
    SystemError fault;
    SystemError ignored;
    asio::steady_timer clock(common_.executor, common_.settings.http_header);
    const auto first =
        co_await (beast_http::async_read_header(socket_, buffer_, parser, no_throw(fault)) ||
                  clock.async_wait(no_throw(ignored)));
    if (first.index() == 1) {
        co_return too_slow("header", common_.settings.http_header);
    }
    if (fault) {
        gone_ = !fault_of(fault);
        co_return fault_of(fault);
    }
    if (auto unclear = ambiguity(parser.get())) {
        co_return unclear;
    }
    version_ = parser.get().version();
    if (small_letters(text_of(parser.get()[beast_http::field::expect])) == "100-continue") {
        co_await write_all("HTTP/1.1 100 Continue\r\n\r\n");
    }
    co_return std::nullopt;
}

awaitable<std::optional<Unserved>> Connection::read_body(Parser& parser, BodyShare& share) {
    asio::steady_timer clock(common_.executor, common_.settings.http_body);
    while (!parser.is_done()) {
        SystemError fault;
        SystemError ignored;
        const auto first =
            co_await (beast_http::async_read_some(socket_, buffer_, parser, no_throw(fault)) ||
                      clock.async_wait(no_throw(ignored)));
        if (first.index() == 1) {
            co_return too_slow("body", common_.settings.http_body);
        }
        if (fault) {
            gone_ = !fault_of(fault);
            co_return fault_of(fault);
        }
        if (!share.grow_to(parser.get().body().size())) {
            co_return too_much_at_once();
        }
    }
    co_return std::nullopt;
}

Request Connection::request_of(Parser::value_type message) {
    Request out;
    out.via = via_;
    out.session = session_;
    out.own_user = own_user_;
    out.method = text_of(message.method_string());
    split_target(text_of(message.target()), out);
    for (const auto& field : message) {
        out.headers.emplace_back(small_letters(text_of(field.name_string())),
                                 std::string(text_of(field.value())));
    }
    out.body = std::move(message.body());
    const std::string_view given = out.header("x-request-id");
    out.id = is_request_id(given) ? std::string(given)
                                  : common_.id_prefix + "-" + std::to_string(++common_.last_id);
    request_id_ = out.id;
    head_only_ = out.method == "HEAD";
    return out;
}

awaitable<void> Connection::handle(const Request& request) {
    try {
        co_await common_.handler(request, *this);
    } catch (const std::exception& error) {
        log::error("daemon", "request {} {} ended: {}", request.method, request.path, error.what());
    }
    when_gone_ = nullptr;  // it was the handler's, which is over
    if (!begun_ && !gone_) {
        const Error error{
            .code = ErrorCode::internal,
            .message = "the request could not be answered; the daemon's log says why"};
        Answer answer = common_.refusal(error);
        co_await send(std::move(answer));
    }
}

/// Notices that the client leaves, while its request is being answered. Never ends by itself.
awaitable<void> Connection::watch() {
    SystemError ignored;
    while (!gone_ && buffer_.size() < limits::http_header_bytes_max) {
        co_await socket_.async_wait(Socket::wait_read, no_throw(ignored));
        read_ahead();
    }
    asio::steady_timer never(common_.executor, asio::steady_timer::time_point::max());
    co_await never.async_wait(no_throw(ignored));
}

/// What comes before the answer is whole is the next request, or the end.
void Connection::read_ahead() {
    SystemError fault;
    const std::size_t got = socket_.read_some(buffer_.prepare(read_bytes), fault);
    buffer_.commit(got);
    if (fault && fault != asio::error::would_block) {
        lose();
    }
}

void Connection::lose() {
    gone_ = true;
    SystemError ignored;
    socket_.cancel(ignored);
    if (const auto call = std::exchange(when_gone_, nullptr)) {
        call();
    }
}

void Connection::finish() {
    closing_ = true;
    SystemError ignored;
    if (!request_at_hand_) {
        socket_.cancel(ignored);
    }
}

void Connection::abort() {
    SystemError ignored;
    lose();
    socket_.shutdown(Socket::shutdown_both, ignored);
}

std::string Connection::head_of(const Answer& answer, Framing framing) {
    beast_http::response<beast_http::empty_body> head(
        static_cast<beast_http::status>(answer.status), version_);
    status_ = answer.status;
    head.set(beast_http::field::server, "threadrunner/" + std::string(version));
    head.set(beast_http::field::date, http_date_now());
    for (const auto& [name, value] : answer.headers) {
        head.insert(name, value);
    }
    if (!answer.content_type.empty()) {
        head.set(beast_http::field::content_type, answer.content_type);
    }
    if (!request_id_.empty()) {
        head.set("X-Request-Id", request_id_);
    }
    const bool ends_with_connection = framing == Framing::chunks && version_ < http_1_1;
    keep_alive_ = keep_alive_ && !closing_ && !ends_with_connection;
    if (framing == Framing::length) {
        head.content_length(answer.body.size());
    } else if (framing == Framing::chunks && !ends_with_connection) {
        head.chunked(true);
    }
    head.keep_alive(keep_alive_);
    return head_text(head);
}

awaitable<bool> Connection::send(Answer answer) {
    constexpr unsigned no_content = 204;
    constexpr unsigned not_modified = 304;
    begun_ = true;
    const bool no_body = answer.status == no_content || answer.status == not_modified;
    std::string bytes = head_of(answer, no_body ? Framing::no_body : Framing::length);
    if (!head_only_) {
        bytes += answer.body;
    }
    ended_ = co_await write_all(bytes);
    co_return ended_;
}

awaitable<bool> Connection::begin(Answer head) {
    begun_ = true;
    const std::string bytes = head_of(head, Framing::chunks);
    const bool written = co_await write_all(bytes);
    co_return written;
}

awaitable<bool> Connection::write(std::string_view piece) {
    if (head_only_) {
        co_return false;
    }
    if (piece.empty()) {
        co_return !gone_;
    }
    if (version_ < http_1_1) {
        co_return co_await write_all(piece);
    }
    std::array<char, 16> size{};
    const auto written = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16);
    chunk_.assign(size.data(), written.ptr);
    chunk_ += "\r\n";
    chunk_ += piece;
    chunk_ += "\r\n";
    co_return co_await write_all(chunk_);
}

awaitable<bool> Connection::end() {
    const bool chunked = version_ >= http_1_1 && !head_only_;
    const std::string_view last = chunked ? "0\r\n\r\n" : "";
    ended_ = co_await write_all(last);
    co_return ended_;
}

/// False when the client is gone, or has read nothing for so long that it counts as gone.
awaitable<bool> Connection::write_all(std::string_view bytes) {
    while (!bytes.empty() && !gone_) {
        SystemError fault;
        SystemError ignored;
        const auto part = bytes.substr(0, limits::http_write_bytes_max);
        bytes.remove_prefix(socket_.write_some(asio::buffer(part), fault));
        if (fault == asio::error::would_block) {
            asio::steady_timer clock(common_.executor, common_.settings.http_stall);
            const auto first =
                co_await (socket_.async_wait(Socket::wait_write, no_throw(ignored)) ||
                          clock.async_wait(no_throw(fault)));
            if (first.index() == 1) {
                log::warn("daemon",
                          "a client of HTTP read nothing for {}: its connection is closed",
                          format_duration(common_.settings.http_stall));
                lose();
            }
        } else if (fault) {
            lose();
        }
    }
    co_return !gone_;
}

awaitable<void> Connection::refuse(Unserved why) {
    Answer answer = common_.refusal(why.error);
    answer.status = why.status > 0 ? why.status : answer.status;
    keep_alive_ = false;
    co_await send(std::move(answer));
}

/// Lets the client read the last answer: closing with unread bytes would take it away from it.
awaitable<void> Connection::linger() {
    SystemError fault;
    SystemError ignored;
    socket_.shutdown(Socket::shutdown_send, fault);
    std::array<char, read_bytes> discarded{};
    asio::steady_timer clock(common_.executor, linger_for);
    for (std::size_t bytes = 0; !fault && !gone_ && bytes < linger_bytes_max;) {
        const auto first = co_await (socket_.async_wait(Socket::wait_read, no_throw(fault)) ||
                                     clock.async_wait(no_throw(ignored)));
        if (first.index() == 1 || fault) {
            break;
        }
        bytes += socket_.read_some(asio::buffer(discarded), fault);
    }
}

}  // namespace threadrunner::http
