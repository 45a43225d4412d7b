#include "door/http/server.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/http_date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/version.h"
#include "door/peer.h"
#include "job/job.h"

namespace threadrunner::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using namespace asio::experimental::awaitable_operators;
using asio::awaitable;
using SystemError = boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Parser = beast_http::request_parser<beast_http::string_body>;
using std::chrono::milliseconds;

constexpr unsigned http_1_1 = 11;
constexpr auto accept_pause = milliseconds(100);
constexpr std::size_t read_bytes = 4 * limits::kib;
constexpr std::size_t request_id_bytes_max = 128;
constexpr auto linger_for = std::chrono::seconds(1);
constexpr std::size_t linger_bytes_max = 1 * limits::mib;

auto no_throw(SystemError& error) { return asio::redirect_error(asio::use_awaitable, error); }

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

std::string_view value_of(const Parser::value_type& head, beast_http::field name) {
    const auto value = head[name];
    return {value.data(), value.size()};
}

/// Why a request whose header is well-formed could be read in two ways: what stands in front of us
/// might read it otherwise than we do. RFC 9112, 3.2, 6.1 and 6.3.
std::optional<Error> ambiguity(const Parser::value_type& head) {
    const auto refused = [](std::string message) {
        return Error{.code = ErrorCode::invalid_request, .message = std::move(message)};
    };
    const bool old = head.version() < http_1_1;
    const auto encodings = head.count(beast_http::field::transfer_encoding);
    const std::string encoding =
        small_letters(value_of(head, beast_http::field::transfer_encoding));
    if (encodings > 1 || (encodings == 1 && (old || encoding != "chunked"))) {
        return refused("the only transfer-encoding that is understood is chunked, once");
    }
    const auto lengths = head.count(beast_http::field::content_length);
    const bool plain =
        value_of(head, beast_http::field::content_length).find_first_not_of("0123456789") ==
        std::string_view::npos;
    if (lengths > 1 || !plain || (lengths == 1 && encodings == 1)) {
        return refused("the request says its length more than once");
    }
    const auto hosts = head.count(beast_http::field::host);
    if (hosts > 1 || (hosts == 0 && !old)) {
        return refused("the request must have one Host header");
    }
    return std::nullopt;
}

/// What cannot be served, with its status where the table of errors has none for it.
struct Refused {
    Error error;
    unsigned status = 0;
};

/// What is wrong with bytes that are no request; nothing: the connection just ended.
std::optional<Refused> fault_of(const SystemError& fault) {
    using beast_http::error;
    constexpr unsigned header_too_large = 431;
    static const auto& category = beast_http::make_error_code(error::bad_method).category();
    if (fault == error::header_limit || fault == error::buffer_overflow) {
        return Refused{{.code = ErrorCode::too_large,
                        .message = "the header of the request has more than " +
                                   format_bytes(limits::http_header_bytes_max)},
                       header_too_large};
    }
    if (fault == error::body_limit) {
        return Refused{{.code = ErrorCode::too_large,
                        .message = "the body of the request has more than " +
                                   format_bytes(limits::http_body_bytes_max)}};
    }
    if (fault == error::end_of_stream || fault == error::partial_message ||
        fault.category() != category) {
        return std::nullopt;
    }
    return Refused{{.code = ErrorCode::invalid_request,
                    .message = "this is no HTTP/1.1 request: " + fault.message()}};
}

Refused too_slow(std::string_view what, milliseconds within) {
    constexpr unsigned request_timeout = 408;
    return {{.code = ErrorCode::timeout,
             .message = "the " + std::string(what) + " of the request did not arrive within " +
                        format_duration(within)},
            request_timeout};
}

Refused too_many_clients() {
    return {{.code = ErrorCode::unreachable,
             .message = "too many clients are connected already; try again later",
             .retry_after = limits::overloaded_retry_after}};
}

Refused too_much_at_once() {
    return {{.code = ErrorCode::overloaded,
             .message = "the requests at hand have more than " +
                        format_bytes(limits::http_bodies_bytes_max) + " together; try again later",
             .retry_after = limits::overloaded_retry_after}};
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

/// What the connections have in common.
class Server::Core {
public:
    Core(asio::any_io_executor on, const Settings& goes_by, Handler handles, Refusal refuses)
        : executor(std::move(on)),
          settings(goes_by),
          handler(std::move(handles)),
          refusal(std::move(refuses)),
          all_ended(executor, asio::steady_timer::time_point::max()) {
        std::uint32_t number = 0;
        static_cast<void>(::getrandom(&number, sizeof number, GRND_NONBLOCK));
        id_prefix = std::to_string(number);
    }

    class Client;

    template <class Acceptor>
    [[nodiscard]] awaitable<void> accept_clients(Acceptor& acceptor, Via via);
    [[nodiscard]] awaitable<void> serve(Socket socket, Via via);
    [[nodiscard]] std::string make_id() { return id_prefix + "-" + std::to_string(++last_id); }

    asio::any_io_executor executor;
    const Settings& settings;
    Handler handler;
    Refusal refusal;
    std::vector<std::unique_ptr<asio::ip::tcp::acceptor>> tcp_acceptors;
    std::optional<asio::local::stream_protocol::acceptor> local_acceptor;
    std::filesystem::path local_path;
    std::set<Client*> clients;
    asio::steady_timer all_ended;  ///< a condition: cancelled when a connection ends
    std::size_t body_bytes = 0;    ///< of requests that are being read
    std::string id_prefix;
    std::uint64_t last_id = 0;
};

/// One connection, and the answer to its request at hand. Lives inside the coroutine that awaits
/// run().
class Server::Core::Client : public Reply {
public:
    Client(Core& core, Socket socket, Via via, std::string session)
        : core_(core), socket_(std::move(socket)), via_(via), session_(std::move(session)) {
        socket_.non_blocking(true);
    }

    [[nodiscard]] awaitable<void> run();
    /// Answers with an error and no more.
    [[nodiscard]] awaitable<void> refuse(Refused why);
    /// Takes no request after the one at hand.
    void finish();
    /// Closes at once.
    void abort();

    awaitable<bool> send(Answer answer) override;
    awaitable<bool> begin(Answer head) override;
    awaitable<bool> write(std::string_view piece) override;
    awaitable<bool> end() override;
    bool begun() const override { return begun_; }
    bool gone() const override { return gone_; }
    void when_gone(std::function<void()> call) override { when_gone_ = std::move(call); }

private:
    /// Bytes of a body in memory, counted until the request has been answered.
    class BodyShare {
    public:
        explicit BodyShare(Core& core) : core_(core) {}
        BodyShare(const BodyShare&) = delete;
        BodyShare& operator=(const BodyShare&) = delete;
        ~BodyShare() { core_.body_bytes -= bytes_; }

        /// False when all requests together have more than they may.
        [[nodiscard]] bool grow_to(std::size_t bytes) {
            core_.body_bytes += bytes - bytes_;
            bytes_ = bytes;
            return core_.body_bytes <= limits::http_bodies_bytes_max;
        }

    private:
        Core& core_;
        std::size_t bytes_ = 0;
    };

    [[nodiscard]] awaitable<bool> wait_for_request();
    [[nodiscard]] awaitable<void> serve_request();
    [[nodiscard]] awaitable<std::optional<Refused>> read_head(Parser& parser);
    [[nodiscard]] awaitable<std::optional<Refused>> read_body(Parser& parser, BodyShare& share);
    [[nodiscard]] Request request_of(Parser::value_type message);
    [[nodiscard]] awaitable<void> handle(const Request& request);
    [[nodiscard]] awaitable<void> watch();
    void read_ahead();
    void lose();
    /// How the end of an answer is told.
    enum class Framing : std::uint8_t { length, chunks, no_body };
    [[nodiscard]] std::string head_of(const Answer& answer, Framing framing);
    [[nodiscard]] awaitable<bool> write_all(std::string_view bytes);
    [[nodiscard]] awaitable<void> linger();

    Core& core_;
    Socket socket_;
    const Via via_;
    const std::string session_;
    boost::beast::flat_buffer buffer_{2 * limits::http_header_bytes_max};
    std::string chunk_;  ///< kept for its capacity while a stream lasts
    std::function<void()> when_gone_;
    std::string request_id_;
    unsigned version_ = http_1_1;
    unsigned status_ = 0;  ///< that was told last
    bool head_only_ = false;
    bool keep_alive_ = true;
    bool closing_ = false;
    bool request_at_hand_ = false;
    bool begun_ = false;
    bool ended_ = false;
    bool gone_ = false;
};

awaitable<void> Server::Core::Client::run() {
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
awaitable<bool> Server::Core::Client::wait_for_request() {
    if (buffer_.size() > 0) {
        co_return true;
    }
    SystemError fault;
    SystemError ignored;
    asio::steady_timer clock(core_.executor, core_.settings.http_idle);
    const auto first = co_await (socket_.async_wait(Socket::wait_read, no_throw(fault)) ||
                                 clock.async_wait(no_throw(ignored)));
    co_return first.index() == 0 && !fault;
}

awaitable<void> Server::Core::Client::serve_request() {
    Parser parser;
    BodyShare share(core_);
    auto refused = co_await read_head(parser);
    if (!refused && !gone_) {
        refused = co_await read_body(parser, share);
    }
    if (refused) {
        Refused why = *std::move(refused);
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
awaitable<std::optional<Refused>> Server::Core::Client::read_head(Parser& parser) {
    parser.header_limit(limits::http_header_bytes_max);
    parser.body_limit(limits::http_body_bytes_max);
    SystemError fault;
    SystemError ignored;
    asio::steady_timer clock(core_.executor, core_.settings.http_header);
    const auto first =
        co_await (beast_http::async_read_header(socket_, buffer_, parser, no_throw(fault)) ||
                  clock.async_wait(no_throw(ignored)));
    if (first.index() == 1) {
        co_return too_slow("header", core_.settings.http_header);
    }
    if (fault) {
        gone_ = !fault_of(fault);
        co_return fault_of(fault);
    }
    if (auto unclear = ambiguity(parser.get())) {
        co_return Refused{*std::move(unclear)};
    }
    version_ = parser.get().version();
    if (small_letters(value_of(parser.get(), beast_http::field::expect)) == "100-continue") {
        co_await write_all("HTTP/1.1 100 Continue\r\n\r\n");
    }
    co_return std::nullopt;
}

awaitable<std::optional<Refused>> Server::Core::Client::read_body(Parser& parser,
                                                                  BodyShare& share) {
    asio::steady_timer clock(core_.executor, core_.settings.http_body);
    while (!parser.is_done()) {
        SystemError fault;
        SystemError ignored;
        const auto first =
            co_await (beast_http::async_read_some(socket_, buffer_, parser, no_throw(fault)) ||
                      clock.async_wait(no_throw(ignored)));
        if (first.index() == 1) {
            co_return too_slow("body", core_.settings.http_body);
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

Request Server::Core::Client::request_of(Parser::value_type message) {
    Request out;
    out.via = via_;
    out.session = session_;
    out.method = std::string_view(message.method_string().data(), message.method_string().size());
    split_target(std::string_view(message.target().data(), message.target().size()), out);
    for (const auto& field : message) {
        out.headers.emplace_back(
            small_letters(std::string_view(field.name_string().data(), field.name_string().size())),
            std::string(field.value().data(), field.value().size()));
    }
    out.body = std::move(message.body());
    const std::string_view given = out.header("x-request-id");
    out.id = is_request_id(given) ? std::string(given) : core_.make_id();
    request_id_ = out.id;
    head_only_ = out.method == "HEAD";
    return out;
}

awaitable<void> Server::Core::Client::handle(const Request& request) {
    try {
        co_await core_.handler(request, *this);
    } catch (const std::exception& error) {
        log::error("daemon", "request {} {} ended: {}", request.method, request.path, error.what());
    }
    when_gone_ = nullptr;  // it was the handler's, which is over
    if (!begun_ && !gone_) {
        const Error error{
            .code = ErrorCode::internal,
            .message = "the request could not be answered; the daemon's log says why"};
        Answer answer = core_.refusal(error);
        co_await send(std::move(answer));
    }
}

/// Notices that the client leaves, while its request is being answered. Never ends by itself.
awaitable<void> Server::Core::Client::watch() {
    SystemError ignored;
    while (!gone_ && buffer_.size() < limits::http_header_bytes_max) {
        co_await socket_.async_wait(Socket::wait_read, no_throw(ignored));
        read_ahead();
    }
    asio::steady_timer never(core_.executor, asio::steady_timer::time_point::max());
    co_await never.async_wait(no_throw(ignored));
}

/// What comes before the answer is whole is the next request, or the end.
void Server::Core::Client::read_ahead() {
    SystemError fault;
    const std::size_t got = socket_.read_some(buffer_.prepare(read_bytes), fault);
    buffer_.commit(got);
    if (fault && fault != asio::error::would_block) {
        lose();
    }
}

void Server::Core::Client::lose() {
    gone_ = true;
    SystemError ignored;
    socket_.cancel(ignored);
    if (const auto call = std::exchange(when_gone_, nullptr)) {
        call();
    }
}

void Server::Core::Client::finish() {
    closing_ = true;
    SystemError ignored;
    if (!request_at_hand_) {
        socket_.cancel(ignored);
    }
}

void Server::Core::Client::abort() {
    SystemError ignored;
    lose();
    socket_.shutdown(Socket::shutdown_both, ignored);
}

std::string Server::Core::Client::head_of(const Answer& answer, Framing framing) {
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

awaitable<bool> Server::Core::Client::send(Answer answer) {
    constexpr unsigned no_content = 204;
    begun_ = true;
    std::string bytes =
        head_of(answer, answer.status == no_content ? Framing::no_body : Framing::length);
    if (!head_only_) {
        bytes += answer.body;
    }
    ended_ = co_await write_all(bytes);
    co_return ended_;
}

awaitable<bool> Server::Core::Client::begin(Answer head) {
    begun_ = true;
    const std::string bytes = head_of(head, Framing::chunks);
    const bool written = co_await write_all(bytes);
    co_return written;
}

awaitable<bool> Server::Core::Client::write(std::string_view piece) {
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

awaitable<bool> Server::Core::Client::end() {
    const bool chunked = version_ >= http_1_1 && !head_only_;
    const std::string_view last = chunked ? "0\r\n\r\n" : "";
    ended_ = co_await write_all(last);
    co_return ended_;
}

/// False when the client is gone, or has read nothing for so long that it counts as gone.
awaitable<bool> Server::Core::Client::write_all(std::string_view bytes) {
    while (!bytes.empty() && !gone_) {
        SystemError fault;
        SystemError ignored;
        const auto part = bytes.substr(0, limits::http_write_bytes_max);
        bytes.remove_prefix(socket_.write_some(asio::buffer(part), fault));
        if (fault == asio::error::would_block) {
            asio::steady_timer clock(core_.executor, core_.settings.http_stall);
            const auto first =
                co_await (socket_.async_wait(Socket::wait_write, no_throw(ignored)) ||
                          clock.async_wait(no_throw(fault)));
            if (first.index() == 1) {
                log::warn("daemon",
                          "a client of HTTP read nothing for {}: its connection is closed",
                          format_duration(core_.settings.http_stall));
                lose();
            }
        } else if (fault) {
            lose();
        }
    }
    co_return !gone_;
}

awaitable<void> Server::Core::Client::refuse(Refused why) {
    Answer answer = core_.refusal(why.error);
    answer.status = why.status > 0 ? why.status : answer.status;
    keep_alive_ = false;
    co_await send(std::move(answer));
}

/// Lets the client read the last answer: closing with unread bytes would take it away from it.
awaitable<void> Server::Core::Client::linger() {
    SystemError fault;
    SystemError ignored;
    socket_.shutdown(Socket::shutdown_send, fault);
    std::array<char, read_bytes> discarded{};
    asio::steady_timer clock(core_.executor, linger_for);
    for (std::size_t bytes = 0; !fault && !gone_ && bytes < linger_bytes_max;) {
        const auto first = co_await (socket_.async_wait(Socket::wait_read, no_throw(fault)) ||
                                     clock.async_wait(no_throw(ignored)));
        if (first.index() == 1 || fault) {
            break;
        }
        bytes += socket_.read_some(asio::buffer(discarded), fault);
    }
}

awaitable<void> Server::Core::serve(Socket socket, Via via) {
    std::optional<std::string> session = via == Via::unix_socket
                                             ? peer_session(socket.native_handle())
                                             : std::optional<std::string>("");
    if (!session) {
        log::warn("daemon", "a client of another user was turned away");
        co_return;
    }
    Client client(*this, std::move(socket), via, *std::move(session));
    const bool full = clients.size() >= limits::http_connections_max;
    clients.insert(&client);
    try {
        if (full) {
            Refused why = too_many_clients();
            co_await client.refuse(std::move(why));
        } else {
            co_await client.run();
        }
    } catch (const std::exception& error) {
        log::error("daemon", "a connection of HTTP ended: {}", error.what());
    }
    clients.erase(&client);
    all_ended.cancel();
}

template <class Acceptor>
awaitable<void> Server::Core::accept_clients(Acceptor& acceptor, Via via) {
    while (acceptor.is_open()) {
        SystemError fault;
        auto socket = co_await acceptor.async_accept(no_throw(fault));
        if (!fault) {
            if (via != Via::unix_socket) {
                socket.set_option(asio::ip::tcp::no_delay(true), fault);
            }
            asio::co_spawn(executor, serve(Socket(std::move(socket)), via), asio::detached);
        } else if (acceptor.is_open()) {
            log::error("daemon", "cannot accept a client of HTTP: {}", fault.message());
            asio::steady_timer pause(executor, accept_pause);
            co_await pause.async_wait(no_throw(fault));
        }
    }
}

Server::Server(asio::any_io_executor executor, const Settings& settings, Handler handler,
               Refusal refusal)
    : core_(std::make_unique<Core>(std::move(executor), settings, std::move(handler),
                                   std::move(refusal))) {}

Server::~Server() = default;

Result<ListenAddress> Server::listen(const ListenAddress& address) {
    using Tcp = asio::ip::tcp;
    SystemError fault;
    const auto ip = asio::ip::make_address(address.host, fault);
    const Tcp::endpoint endpoint(ip, address.port);
    auto acceptor = std::make_unique<Tcp::acceptor>(core_->executor);
    acceptor->open(endpoint.protocol(), fault);
    if (!fault && ip.is_v6()) {
        acceptor->set_option(asio::ip::v6_only(true), fault);
    }
    if (!fault) {
        acceptor->set_option(Tcp::acceptor::reuse_address(true), fault);
        acceptor->bind(endpoint, fault);
    }
    if (!fault) {
        acceptor->listen(asio::socket_base::max_listen_connections, fault);
    }
    if (fault == asio::error::address_in_use) {
        return fail(ErrorCode::conflict, address.text() +
                                             " is taken by another program; end that, or choose "
                                             "another address with http.listen");
    }
    if (fault) {
        return fail_system(ErrorCode::internal, "cannot listen at " + address.text(),
                           fault.value());
    }
    ListenAddress bound{.host = address.host, .port = acceptor->local_endpoint(fault).port()};
    Tcp::acceptor& listening = *core_->tcp_acceptors.emplace_back(std::move(acceptor));
    const Via via = bound.is_loopback() ? Via::loopback : Via::network;
    asio::co_spawn(core_->executor, core_->accept_clients(listening, via), asio::detached);
    return bound;
}

Result<void> Server::listen(const std::filesystem::path& path) {
    using Local = asio::local::stream_protocol;
    if (auto checked = check_socket_path(path); !checked) {
        return checked;
    }
    if (std::filesystem::is_socket(path)) {
        std::filesystem::remove(path);
    }
    SystemError fault;
    auto& acceptor = core_->local_acceptor.emplace(core_->executor);
    acceptor.open(Local(), fault);
    if (!fault) {
        const mode_t old = ::umask(0177);
        acceptor.bind(Local::endpoint(path.string()), fault);
        ::umask(old);
    }
    if (!fault) {
        core_->local_path = path;
        acceptor.listen(asio::socket_base::max_listen_connections, fault);
    }
    if (fault) {
        return fail_system(ErrorCode::internal, "cannot listen at " + path.string(), fault.value());
    }
    asio::co_spawn(core_->executor, core_->accept_clients(acceptor, Via::unix_socket),
                   asio::detached);
    return {};
}

void Server::close() {
    SystemError ignored;
    for (const auto& acceptor : core_->tcp_acceptors) {
        acceptor->close(ignored);
    }
    if (core_->local_acceptor) {
        core_->local_acceptor->close(ignored);
    }
    if (!core_->local_path.empty()) {
        ::unlink(std::exchange(core_->local_path, {}).c_str());
    }
}

awaitable<void> Server::stop() {
    close();
    const auto deadline = Clock::now() + limits::connections_end_within;
    for (Core::Client* client : core_->clients) {
        client->finish();
    }
    SystemError ignored;
    while (!core_->clients.empty()) {
        if (Clock::now() >= deadline) {
            for (Core::Client* client : core_->clients) {
                client->abort();
            }
        }
        core_->all_ended.expires_at(std::max(deadline, Clock::now() + accept_pause));
        co_await core_->all_ended.async_wait(no_throw(ignored));
    }
}

std::size_t Server::connections() const { return core_->clients.size(); }

}  // namespace threadrunner::http
