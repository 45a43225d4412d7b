#include "door/socket/connection.h"

#include <poll.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "wire/fields.h"

namespace threadrunner {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using asio::awaitable;
using SystemError = boost::system::error_code;

auto no_throw(SystemError& error) { return asio::redirect_error(asio::use_awaitable, error); }

/// Whether both directions are shut: the client is gone, not just silent from now on.
bool hung_up(int fd) {
    pollfd state{.fd = fd, .events = 0, .revents = 0};
    return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace

/// One request under way: encodes its job's events into the connection's outbox.
class Connection::JobStream : public EventSink {
public:
    JobStream(Connection& connection, std::int64_t id) : connection_(connection), id_(id) {}

    JobId job = 0;  ///< 0 until the job has been accepted

protected:
    /// The job has ended: destroys this stream.
    void end() { connection_.end_stream(id_); }

    Connection& connection_;
    const std::int64_t id_;
};

class Connection::V2Stream : public JobStream {
public:
    using JobStream::JobStream;

    void deliver(std::uint64_t seq, const Event& event, unsigned credits) override {
        socket_v2::append_event(connection_.outbox_, id_, seq, event);
        connection_.queue({.job = job, .credits = credits});
        if (ends_job(event)) {
            end();
        }
    }
};

class Connection::V1Stream : public JobStream {
public:
    V1Stream(Connection& connection, bool stream) : JobStream(connection, 0), stream_(stream) {}

    void deliver(std::uint64_t, const Event& event, unsigned credits) override {
        std::string& out = connection_.outbox_;
        if (const auto* token = std::get_if<event::Token>(&event)) {
            stream_ ? socket_v1::append_token(out, token->text) : void(text_ += token->text);
        } else if (const auto* error = std::get_if<Error>(&event)) {
            socket_v1::append_error(out, *error);
        } else if (const auto* done = std::get_if<event::Done>(&event)) {
            append_done(*done);
        }
        connection_.queue({.job = job, .credits = credits});
        if (ends_job(event)) {
            connection_.finish();
            end();
        }
    }

private:
    void append_done(const event::Done& done) {
        if (done.reason == event::Reason::cancelled) {
            socket_v1::append_error(connection_.outbox_, {.code = ErrorCode::cancelled,
                                                          .message = "the job was cancelled"});
            return;
        }
        if (!stream_) {
            socket_v1::append_token(connection_.outbox_, text_);
        }
        socket_v1::append_end(connection_.outbox_);
    }

    bool stream_;
    std::string text_;
};

Connection::Connection(Socket socket, std::string owner, SocketContext& context)
    : socket_(std::move(socket)),
      owner_(std::move(owner)),
      context_(context),
      outbox_filled_(socket_.get_executor(), asio::steady_timer::time_point::max()),
      mcp_session_(context_.mcp.new_session()),
      mcp_answered_(socket_.get_executor(), asio::steady_timer::time_point::max()) {
    socket_.non_blocking(true);
}

Connection::~Connection() { abandon_all(); }

awaitable<void> Connection::run() {
    // The reader ends when the client is gone, the writer when everything is said and `closing_`,
    // or when nothing can be written: either way the other has nothing left to do.
    co_await (read_frames() || write_outbox());
    abandon_all();
    co_await mcp_ended();
}

void Connection::refuse(const Error& error) {
    socket_v1::append_error(outbox_, error);
    queue();
    finish();
}

void Connection::finish() {
    closing_ = true;
    outbox_filled_.cancel();
}

void Connection::abort() {
    SystemError ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
}

awaitable<void> Connection::read_frames() {
    wire::FrameReader reader(limits::socket_frame_bytes_max);
    while (!closing_ && co_await readable(reader.mid_frame()) && read_into(reader)) {
        co_await take_frames(reader);
    }
    read_ended_ = true;
    finish_if_read_out();
    co_await wait_until_gone();
}

/// Waits for bytes; false when a frame that has begun is not whole in time.
awaitable<bool> Connection::readable(bool mid_frame) {
    SystemError ignored;
    if (!mid_frame) {
        co_await socket_.async_wait(Socket::wait_read, no_throw(ignored));
        frame_due_ = Clock::now() + context_.settings.socket_frame;
        co_return true;
    }
    asio::steady_timer timer(socket_.get_executor(), frame_due_);
    const auto first = co_await (socket_.async_wait(Socket::wait_read, asio::use_awaitable) ||
                                 timer.async_wait(asio::use_awaitable));
    if (first.index() == 1) {
        refuse({.code = ErrorCode::timeout,
                .message = "the frame did not arrive whole within " +
                           format_duration(context_.settings.socket_frame)});
    }
    co_return first.index() == 0;
}

/// Takes what has arrived; false at the end of the stream.
bool Connection::read_into(wire::FrameReader& reader) {
    SystemError error;
    const std::size_t got = socket_.read_some(asio::buffer(context_.read_buffer), error);
    reader.push({context_.read_buffer.data(), got});
    return !error || error == asio::error::would_block;
}

awaitable<void> Connection::take_frames(wire::FrameReader& reader) {
    while (!closing_) {
        const auto payload = reader.next();
        if (!payload) {
            refuse(payload.error());
            break;
        }
        if (!*payload) {
            break;
        }
        const Result<wire::Json> frame = co_await parse(**payload);
        if (!frame) {
            refuse(frame.error());
            break;
        }
        co_await on_frame(*frame);
        frame_due_ = Clock::now() + context_.settings.socket_frame;
    }
}

awaitable<Result<wire::Json>> Connection::parse(std::string_view payload) {
    if (payload.size() <= limits::parse_on_loop_bytes_max) {
        co_return wire::decode_json(payload);
    }
    const auto on_thread = [](std::string_view text) -> awaitable<Result<wire::Json>> {
        co_return wire::decode_json(text);
    };
    co_return co_await asio::co_spawn(context_.parsing, on_thread(payload), asio::use_awaitable);
}

/// After the client's last byte: it may still read its answers (it shut only its own direction), so
/// its jobs go on until it is gone altogether.
awaitable<void> Connection::wait_until_gone() {
    SystemError ignored;
    while (!hung_up(socket_.native_handle())) {
        co_await socket_.async_wait(Socket::wait_error, no_throw(ignored));
    }
}

awaitable<void> Connection::write_outbox() {
    SystemError ignored;
    for (;;) {
        // Events that v1 does not show are due without having bytes.
        while (outbox_.empty() && due_.empty()) {
            if (closing_) {
                co_return;
            }
            co_await outbox_filled_.async_wait(no_throw(ignored));
        }
        const std::string batch = std::exchange(outbox_, {});
        const std::vector<Due> due = std::exchange(due_, {});
        if (!co_await write_batch(batch)) {
            co_return;
        }
        for (const Due& paid : due) {
            context_.jobs.credit(paid.job, paid.credits);
        }
    }
}

/// False when the client is gone, or has read nothing for so long that it counts as gone.
awaitable<bool> Connection::write_batch(std::string_view batch) {
    while (!batch.empty()) {
        SystemError error;
        std::size_t sent = socket_.write_some(asio::buffer(batch), error);
        if (error == asio::error::would_block) {
            asio::steady_timer timer(socket_.get_executor(), context_.settings.socket_stall);
            const auto first =
                co_await (socket_.async_wait(Socket::wait_write, asio::use_awaitable) ||
                          timer.async_wait(asio::use_awaitable));
            if (first.index() == 1) {
                log::warn("daemon", "a client ({}) read nothing for {}: its connection is closed",
                          owner_, format_duration(context_.settings.socket_stall));
                co_return false;
            }
        } else if (error) {
            co_return false;
        }
        batch.remove_prefix(sent);
    }
    co_return true;
}

Result<void> Connection::check_version(const wire::Json& frame) {
    wire::Fields fields(frame, "the request");
    const auto version = fields.integer("v", 1, 2);
    if (!version) {
        return fail(ErrorCode::invalid_request,
                    "the request must be an object whose 'v' is 1 or 2, the versions of this "
                    "protocol");
    }
    if (version_ != 0 && version_ != *version) {
        return fail(ErrorCode::invalid_request, "this connection speaks version " +
                                                    std::to_string(version_) +
                                                    ", as its first frame said");
    }
    version_ = *version;
    return {};
}

awaitable<void> Connection::on_frame(const wire::Json& frame) {
    if (auto checked = check_version(frame); !checked) {
        refuse(checked.error());
    } else if (version_ == 2) {
        co_await on_v2(frame);
    } else if (streams_.empty()) {
        on_v1(frame);
    }
}

void Connection::on_v1(const wire::Json& frame) {
    auto request = socket_v1::decode_request(frame);
    if (!request) {
        refuse(request.error());
        return;
    }
    constexpr std::int64_t only_id = 0;
    streams_.emplace(only_id, std::make_unique<V1Stream>(*this, request->stream));
    submit(only_id, socket_v1::job_of(*request, context_.v1_defaults));
}

awaitable<void> Connection::on_v2(const wire::Json& frame) {
    const auto envelope = socket_v2::decode_envelope(frame);
    if (!envelope) {
        refuse(envelope.error());
        co_return;
    }
    const std::int64_t id = envelope->id;
    if (streams_.contains(id) || mcp_requests_.contains(id)) {
        refuse({.code = ErrorCode::invalid_request,
                .message = "a request with id " + std::to_string(id) + " is under way already"});
        co_return;
    }
    auto request = socket_v2::decode_request(*envelope, frame, Clock::now());
    if (request && under_way() >= limits::jobs_per_connection_max) {
        request =
            std::unexpected(Error{.code = ErrorCode::overloaded,
                                  .message = "this connection has " + std::to_string(under_way()) +
                                             " jobs under way, as many as one may",
                                  .retry_after = limits::overloaded_retry_after});
    }
    if (!request) {
        socket_v2::append_event(outbox_, id, 1, request.error());
        queue();
    } else if (auto* spec = std::get_if<JobSpec>(&*request)) {
        streams_.emplace(id, std::make_unique<V2Stream>(*this, id));
        submit(id, std::move(*spec));
    } else if (const auto* wanted = std::get_if<socket_v2::Attach>(&*request)) {
        attach(id, *wanted);
    } else if (auto* spoken = std::get_if<socket_v2::Mcp>(&*request)) {
        mcp_requests_.insert(id);
        asio::co_spawn(socket_.get_executor(), serve_mcp(id, std::move(*spoken)), asio::detached);
    } else {
        const auto accepted = event::Accepted{.job = job_name(context_.jobs.new_id())};
        socket_v2::append_event(outbox_, id, 1, accepted);
        const Event answered = co_await answer(*request);
        socket_v2::append_event(outbox_, id, 2, answered);
        queue();
    }
}

awaitable<Event> Connection::answer(const socket_v2::Request& request) {
    Result<wire::Json> result;
    if (std::holds_alternative<socket_v2::Status>(request)) {
        result = context_.control.status();
    } else if (std::holds_alternative<socket_v2::Ps>(request)) {
        result = context_.control.ps();
    } else if (const auto* models = std::get_if<ModelsOp>(&request)) {
        result = co_await context_.control.models(*models);
    } else if (const auto* tools = std::get_if<ToolsOp>(&request)) {
        result = co_await context_.control.tools(*tools);
    } else if (std::holds_alternative<socket_v2::Config>(request)) {
        result = co_await context_.control.config();
    } else if (std::holds_alternative<socket_v2::Reload>(request)) {
        result = co_await context_.control.reload();
    } else if (std::holds_alternative<socket_v2::Shutdown>(request)) {
        context_.control.shutdown();
    } else if (const auto* cancel = std::get_if<socket_v2::Cancel>(&request)) {
        if (!context_.jobs.cancel(cancel->job)) {
            result = fail(ErrorCode::not_found, "there is no job " + job_name(cancel->job) +
                                                    " under way; `threadrunner ps` lists them");
        }
    } else if (const auto* permit = std::get_if<socket_v2::Permit>(&request)) {
        if (auto told = context_.jobs.permit(permit->job, permit->call, permit->allow); !told) {
            result = std::unexpected(told.error());
        }
    } else if (const auto* unload = std::get_if<socket_v2::Unload>(&request)) {
        result = context_.control.unload(unload->worker);
    }
    if (!result) {
        co_return result.error();
    }
    co_return event::Done{.result = *std::move(result)};
}

void Connection::submit(std::int64_t id, JobSpec spec) {
    spec.owner = owner_;
    JobStream& stream = *streams_.at(id);
    const JobId job = context_.jobs.submit(std::move(spec), stream);
    if (const auto found = streams_.find(id); found != streams_.end()) {
        found->second->job = job;
    }
}

/// Answers a message when its answer is there; other requests go on meanwhile.
awaitable<void> Connection::serve_mcp(std::int64_t id, socket_v2::Mcp request) {
    const auto accepted = event::Accepted{.job = job_name(context_.jobs.new_id())};
    socket_v2::append_event(outbox_, id, 1, accepted);
    queue();
    request.client.owner = owner_;
    request.client.session = mcp_session_;
    Result<wire::Json> document = std::move(request.message);
    if (document->is_string()) {
        const std::string text = document->get<std::string>();
        document = co_await parse(text);
    }
    auto message = mcp::read_message(document);
    const bool asks = message && !message->id.is_null();
    std::optional<wire::Json> answer;
    if (message) {
        answer = co_await context_.mcp.answer(*std::move(message), std::move(request.client));
    } else {
        answer = std::move(message.error());
    }
    std::uint64_t seq = 1;
    if (answer) {
        socket_v2::append_event(outbox_, id, ++seq, event::Output{.value = *std::move(answer)});
    }
    const bool taken_back = asks && seq == 1;
    socket_v2::append_event(
        outbox_, id, ++seq,
        event::Done{.reason = taken_back ? event::Reason::cancelled : event::Reason::stop});
    mcp_requests_.erase(id);
    queue();
    finish_if_read_out();
    mcp_answered_.cancel();
}

/// Whoever serves a message stands on this connection.
awaitable<void> Connection::mcp_ended() {
    SystemError ignored;
    while (!mcp_requests_.empty()) {
        co_await mcp_answered_.async_wait(no_throw(ignored));
    }
}

void Connection::attach(std::int64_t id, const socket_v2::Attach& request) {
    auto stream = std::make_unique<V2Stream>(*this, id);
    stream->job = request.job;
    JobStream& sink = *streams_.emplace(id, std::move(stream)).first->second;
    auto attached = context_.jobs.attach(request.job, request.after_seq, sink);
    if (!attached) {
        streams_.erase(id);
        socket_v2::append_event(outbox_, id, 1, attached.error());
        queue();
    }
}

void Connection::queue(const Due& due) {
    if (due.credits > 0 && !due_.empty() && due_.back().job == due.job) {
        due_.back().credits += due.credits;
    } else if (due.credits > 0) {
        due_.push_back(due);
    }
    queue();
}

/// Something was appended to the outbox.
void Connection::queue() {
    if (outbox_.size() > limits::outbox_bytes_max) {
        log::warn("daemon", "a client ({}) let {} of events wait: its connection is closed", owner_,
                  format_bytes(outbox_.size()));
        abort();
    }
    outbox_filled_.cancel();
}

void Connection::end_stream(std::int64_t id) {
    streams_.erase(id);
    finish_if_read_out();
}

/// The client has said all that it will, and has all of its answers.
void Connection::finish_if_read_out() {
    if (read_ended_ && under_way() == 0) {
        finish();
    }
}

void Connection::abandon_all() {
    for (const auto& [id, stream] : std::exchange(streams_, {})) {
        context_.jobs.abandon(stream->job);
    }
    context_.mcp.end_session(mcp_session_);
}

}  // namespace threadrunner
