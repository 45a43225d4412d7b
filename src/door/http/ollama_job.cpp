#include "door/http/ollama_job.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "job/job_stream.h"

namespace threadrunner::http {
namespace {

using boost::asio::awaitable;
using wire::Json;

Json document_of(const Error& error) { return {{"error", error.message}}; }

std::string line_of(const Json& document) { return wire::encode_json(document) + "\n"; }

std::string error_line(const Error& error) { return line_of(document_of(error)); }

/// One request on its way.
class Answering {
public:
    Answering(Call& call, bool streams, OllamaAnswer& answer)
        : call_(call),
          streams_(streams),
          answer_(answer),
          stream_(call.context.executor, call.context.jobs) {}
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;
    ~Answering() { call_.reply.when_gone(nullptr); }

    awaitable<void> run(JobSpec spec) {
        call_.reply.when_gone([this] { stream_.wake(); });
        stream_.submit(std::move(spec));
        while (!end_ && !call_.reply.gone()) {
            auto item = co_await stream_.next(call_.context.settings.http_keep_alive);
            if (item && !call_.reply.gone()) {
                co_await take(*std::move(item));
            }
        }
        if (end_ && !call_.reply.gone()) {
            co_await finish();
        }
    }

private:
    /// Takes what has come meanwhile, too: it leaves in one piece.
    awaitable<void> take(JobStream::Item first) {
        std::string lines;
        unsigned credits = 0;
        for (std::optional<JobStream::Item> item = std::move(first); item; item = stream_.take()) {
            credits += item->credits;
            if (ends_job(item->event)) {
                end_ = std::move(item->event);
                break;
            }
            answer_.take(item->event, Clock::now());
            const Json piece = streams_ ? answer_.piece() : Json();
            lines += piece.is_null() ? "" : line_of(piece);
        }
        bool written = true;
        if (!lines.empty()) {
            written = co_await write(lines);
        }
        if (written) {
            stream_.give_back(credits);
        }
    }

    awaitable<bool> write(std::string_view lines) {
        if (!call_.reply.begun()) {
            Answer head{.content_type = "application/x-ndjson"};
            head.headers.emplace_back("x-job-id", stream_.name());
            const bool begun = co_await call_.reply.begin(std::move(head));
            if (!begun) {
                co_return false;
            }
        }
        const bool written = co_await call_.reply.write(lines);
        co_return written;
    }

    awaitable<void> finish() {
        if (auto* error = std::get_if<Error>(&*end_)) {
            co_await call_.refuse(std::move(*error));
            co_return;
        }
        const auto& done = std::get<event::Done>(*end_);
        if (done.reason == event::Reason::cancelled) {
            Error error{.code = ErrorCode::cancelled,
                        .message = "the job " + stream_.name() + " was cancelled"};
            co_await call_.refuse(std::move(error));
            co_return;
        }
        const Json last = answer_.last(done, Clock::now());
        if (!streams_) {
            Answer whole = json_answer(last);
            whole.headers.emplace_back("x-job-id", stream_.name());
            co_await call_.reply.send(std::move(whole));
            co_return;
        }
        const std::string line = line_of(last);
        const bool written = co_await write(line);
        if (written) {
            co_await call_.reply.end();
        }
    }

    Call& call_;
    bool streams_;
    OllamaAnswer& answer_;
    JobStream stream_;
    std::optional<Event> end_;  ///< the job's last event
};

/// The command `ollama` takes 401 as an invitation to sign in at its maker's, and drops the
/// message, which names the remedy; that of 403 it shows.
unsigned status_of(ErrorCode code) {
    return table_status(code == ErrorCode::unauthorized ? ErrorCode::forbidden : code);
}

}  // namespace

const ErrorShape& ollama_errors() {
    static constexpr ErrorShape shape{
        .document = document_of, .status = status_of, .stream_event = error_line};
    return shape;
}

awaitable<void> answer_with_job(Call& call, JobSpec spec, bool streams, OllamaAnswer& answer) {
    Answering answering(call, streams, answer);
    co_await answering.run(std::move(spec));
}

}  // namespace threadrunner::http
