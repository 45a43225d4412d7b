#include "kinds/upstream/server_process.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.h"
#include "job/job.h"
#include "kinds/upstream/answer_frames.h"
#include "kinds/upstream/http_call.h"
#include "kinds/upstream/openai_request.h"
#include "kinds/upstream/server_probe.h"

namespace threadrunner {
namespace {

namespace asio = boost::asio;
using ErrorCodeOut = boost::system::error_code;
using wire::Json;

constexpr std::int64_t load_id = 0;

auto no_throw(ErrorCodeOut& error) { return asio::redirect_error(asio::use_awaitable, error); }

Json error_frame(std::int64_t id, const Error& error) {
    return {
        {"ev", "error"}, {"id", id}, {"code", traits(error.code).name}, {"message", error.message}};
}

}  // namespace

/// What pending operations need: they keep it alive, so the handle may go at any time.
class ServerProcess::Core : public std::enable_shared_from_this<Core>, private Process::Observer {
public:
    Core(const asio::any_io_executor& executor, const Settings& settings,
         Process::Observer& observer)
        : executor_(executor),
          settings_(settings),
          observer_(&observer),
          start_timer_(executor),
          kill_timer_(executor) {}

    Result<void> start(const Spawn& spawn) {
        if (spawn) {
            auto child = spawn(*this);
            if (!child) {
                return std::unexpected(child.error());
            }
            child_ = *std::move(child);
        }
        say_later({{"ev", "hello"}, {"v", 1}, {"kind", "upstream"}, {"slots", 0}});
        return {};
    }

    void silence() {
        observer_ = nullptr;
        end_all();
        child_.reset();
    }

    [[nodiscard]] pid_t pid() const { return child_ ? child_->pid() : 0; }

    void receive(const Json& frame) {
        const std::string op = frame.at("op").get<std::string>();
        if (op == "ping") {
            ping(frame.at("t"));
        } else if (op == "load") {
            load(frame);
        } else if (op == "route") {
            route(frame);
        } else if (op == "cancel") {
            cancel(frame.at("id").get<std::int64_t>());
        } else if (op == "credit") {
            credit(frame.at("id").get<std::int64_t>(), frame.at("n").get<std::int64_t>());
        } else if (op == "shutdown") {
            leaving_ = true;
            leave_if_free();
        }
    }

    void signal(int number) {
        if (child_) {
            child_->signal(number);
        } else {
            // It is not ours to end: we let go of it.
            asio::post(executor_, [self = shared_from_this()] { self->exit({.is_ours = false}); });
        }
    }

private:
    using Self = std::shared_ptr<Core>;

    /// One route under way.
    struct Run {
        Run(const asio::any_io_executor& executor, std::int64_t number)
            : id(number), call(executor), credit_came(executor) {
            credit_came.expires_at(asio::steady_timer::time_point::max());
        }

        std::int64_t id;
        HttpCall call;
        std::int64_t credit = limits::credit_at_start;
        asio::steady_timer credit_came;  ///< cancelled when it did
        bool over = false;               ///< its last frame was sent
    };
    using RunPtr = std::shared_ptr<Run>;

    // What comes from the server's process.

    void on_frame(const Json& /*frame*/) override {}

    void on_log_line(std::string_view line) override {
        if (observer_ == nullptr) {
            return;
        }
        std::string text(line);
        for (std::size_t at = 0; !key_.empty() && (at = text.find(key_, at)) != text.npos;) {
            text.replace(at, key_.size(), "(secret)");
        }
        observer_->on_log_line(text);
    }

    void on_exit(const ExitStatus& status) override {
        if (observer_ != nullptr && !leaving_ && !facts_) {
            observer_->on_log_line("error: llama-server process died during startup");
        }
        exit(status);
    }

    void exit(const ExitStatus& status) {
        const Self self = shared_from_this();
        end_all();
        if (Process::Observer* observer = std::exchange(observer_, nullptr)) {
            observer->on_exit(status);
        }
    }

    void end_all() {
        start_timer_.cancel();
        kill_timer_.cancel();
        if (probe_) {
            probe_->close();
        }
        for (auto& [id, run] : std::exchange(runs_, {})) {
            end_run(*run);
        }
    }

    void say(const Json& frame) {
        if (observer_ != nullptr) {
            observer_->on_frame(frame);
        }
    }

    /// For answers to a frame at hand: the observer does not expect them before send() returns.
    void say_later(Json frame) {
        asio::post(executor_,
                   [self = shared_from_this(), frame = std::move(frame)] { self->say(frame); });
    }

    // Until it is ready.

    void load(const Json& frame) {
        auto address = parse_http_address(frame.at("url").get<std::string>());
        if (!address) {
            say_later(error_frame(load_id, address.error()));
            return;
        }
        key_ = frame.at("key").get<std::string>();
        slots_ = frame.at("slots").get<std::size_t>();
        address_ = *address;
        probe_ = std::make_unique<ServerProbe>(executor_, settings_, *address, key_);
        start_timer_.expires_after(settings_.upstream_start);
        start_timer_.async_wait([self = shared_from_this()](const ErrorCodeOut& cancelled) {
            if (!cancelled) {
                self->fail_load(self->late());
            }
        });
        say_later({{"ev", "load"}, {"id", load_id}, {"stage", "server"}, {"fraction", 0.0}});
        asio::co_spawn(executor_, get_ready(shared_from_this()), asio::detached);
    }

    [[nodiscard]] Error late() const {
        const std::string within =
            " within " + std::to_string(settings_.upstream_start.count()) + "ms";
        return child_ ? Error{.code = ErrorCode::model_load_failed,
                              .message = "llama-server failed to start" + within}
                      : Error{.code = ErrorCode::unreachable,
                              .message = "the server at " + address_.url() + " was not ready" +
                                         within + "; look into its own log"};
    }

    static asio::awaitable<void> get_ready(Self self) {
        asio::steady_timer pause(self->executor_);
        while (self->is_loading()) {
            const auto ready = co_await self->probe_->is_ready();
            ++self->progress_;
            // One of ours that takes no connections yet will.
            const bool wait = ready ? !*ready
                                    : self->child_ != nullptr &&
                                          (ready.error().code == ErrorCode::unreachable ||
                                           ready.error().code == ErrorCode::worker_crashed);
            if (!ready && !wait) {
                self->fail_load(ready.error());
            } else if (!wait) {
                break;
            }
            pause.expires_after(self->settings_.upstream_poll);
            ErrorCodeOut ignored;
            co_await pause.async_wait(no_throw(ignored));
        }
        if (!self->is_loading()) {
            co_return;
        }
        auto facts = co_await self->probe_->facts();
        if (!self->is_loading()) {
            co_return;
        }
        facts ? self->become_ready(*std::move(facts)) : self->fail_load(facts.error());
    }

    [[nodiscard]] bool is_loading() const {
        return observer_ != nullptr && !facts_ && !load_failed_ && !leaving_;
    }

    void become_ready(ServerFacts facts) {
        start_timer_.cancel();
        facts.slots = facts.slots > 0 ? facts.slots : slots_;
        facts_ = std::move(facts);
        healthy_at_ = Clock::now();
        say({{"ev", "done"}, {"id", load_id}, {"slots", facts_->slots}, {"meta", facts_->meta}});
    }

    void fail_load(const Error& error) {
        if (!is_loading()) {
            return;
        }
        load_failed_ = true;
        start_timer_.cancel();
        probe_->close();
        say(error_frame(load_id, error));
    }

    // Whether it lives.

    void ping(const Json& time) {
        ping_ = time;
        if (!facts_ || Clock::now() - healthy_at_ < settings_.upstream_health) {
            pong();
        } else if (!asking_) {
            asking_ = true;
            asio::co_spawn(executor_, check_health(shared_from_this()), asio::detached);
        }
    }

    void pong() { say_later({{"ev", "pong"}, {"t", ping_}, {"progress", progress_}}); }

    static asio::awaitable<void> check_health(Self self) {
        const auto alive = co_await self->probe_->is_alive();
        self->asking_ = false;
        if (alive) {
            self->healthy_at_ = Clock::now();
            self->pong();
        } else if (!self->child_ && alive.error().code == ErrorCode::unreachable) {
            self->exit({.fault = "took no connection any more", .is_ours = false});
        }
    }

    // Jobs.

    void route(const Json& frame) {
        const std::int64_t id = frame.at("id").get<std::int64_t>();
        ++progress_;
        auto request = request_of(frame);
        if (!request) {
            say_later(error_frame(id, request.error()));
            return;
        }
        auto run = std::make_shared<Run>(executor_, id);
        runs_[id] = run;
        asio::co_spawn(executor_, serve(shared_from_this(), std::move(run), *std::move(request)),
                       asio::detached);
    }

    /// What goes to the server: text as it is, an object as this sort of server understands it.
    [[nodiscard]] Result<HttpRequest> request_of(const Json& frame) const {
        const Json& body = frame.at("body");
        HttpRequest out{.method = frame.at("method").get<std::string>(),
                        .path = frame.at("path").get<std::string>(),
                        .body = {},
                        .key = key_};
        if (body.is_string()) {
            out.body = body.get<std::string>();
            return facts_->is_llama_server ? out : openai_request(std::move(out));
        }
        RouteRequest asked{.path = out.path, .body = body};
        auto request = facts_->is_llama_server ? Result<RouteRequest>(std::move(asked))
                                               : openai_request(std::move(asked), facts_->model);
        if (!request) {
            return std::unexpected(request.error());
        }
        out.body = body_text(*request);
        return out;
    }

    void cancel(std::int64_t id) {
        if (const auto found = runs_.find(id); found != runs_.end()) {
            end_run(*found->second);
            runs_.erase(found);
            say_later({{"ev", "done"}, {"id", id}, {"reason", "cancelled"}});
        }
    }

    void credit(std::int64_t id, std::int64_t events) {
        if (const auto found = runs_.find(id); found != runs_.end()) {
            found->second->credit += events;
            found->second->credit_came.cancel();
        }
    }

    static asio::awaitable<void> serve(Self self, RunPtr run, HttpRequest request) {
        auto end = co_await self->pass_on(*run, request);
        if (!end && end.error().code == ErrorCode::worker_crashed && self->child_) {
            // The news of its end is on the way, and knows more; see to it that it comes first.
            asio::steady_timer pause(self->executor_, self->settings_.upstream_poll);
            ErrorCodeOut ignored;
            co_await pause.async_wait(no_throw(ignored));
        }
        self->finish(run, end ? *end : error_frame(run->id, end.error()));
    }

    /// Sends the request and the frames of its answer but for the last, which it returns.
    asio::awaitable<Result<Json>> pass_on(Run& run, const HttpRequest& request) {
        AnswerFrames answer(run.id, "the server at " + address_.url());
        auto head = co_await run.call.send(address_, request, settings_.upstream_connect);
        if (!head) {
            co_return std::unexpected(head.error());
        }
        auto frame = answer.head(*head);
        if (!frame) {
            co_return std::unexpected(frame.error());
        }
        pass(run, *frame);
        for (;;) {
            while (run.credit <= 0 && !run.over) {
                ErrorCodeOut ignored;
                co_await run.credit_came.async_wait(no_throw(ignored));
            }
            auto piece = co_await run.call.read();
            if (!piece) {
                co_return std::unexpected(piece.error());
            }
            auto body = piece->empty() ? answer.rest() : answer.body(*piece);
            if (!body) {
                co_return std::unexpected(body.error());
            }
            if (*body) {
                --run.credit;
                pass(run, **body);
            }
            if (piece->empty()) {
                co_return answer.done();
            }
        }
    }

    void pass(const Run& run, const Json& frame) {
        ++progress_;
        if (!run.over) {
            say(frame);
        }
    }

    /// The route's last frame, if it has not had one.
    void finish(const RunPtr& run, const Json& frame) {
        if (!run->over) {
            ++progress_;
            end_run(*run);
            runs_.erase(run->id);
            say(frame);
        }
        leave_if_free();
    }

    static void end_run(Run& run) {
        run.over = true;
        run.call.close();
        run.credit_came.cancel();
    }

    // The end.

    /// A server does not know when its work is done: we tell it.
    void leave_if_free() {
        if (!leaving_ || told_to_leave_ || !runs_.empty() || observer_ == nullptr) {
            return;
        }
        told_to_leave_ = true;
        signal(SIGTERM);
        kill_timer_.expires_after(settings_.worker_kill);
        kill_timer_.async_wait([self = shared_from_this()](const ErrorCodeOut& cancelled) {
            if (!cancelled) {
                self->signal(SIGKILL);
            }
        });
    }

    asio::any_io_executor executor_;
    const Settings& settings_;
    Process::Observer* observer_;
    std::unique_ptr<Process> child_;
    HttpAddress address_;
    std::string key_;
    std::size_t slots_ = 0;  ///< where the server does not say
    std::unique_ptr<ServerProbe> probe_;
    std::optional<ServerFacts> facts_;  ///< it is ready
    asio::steady_timer start_timer_;
    asio::steady_timer kill_timer_;
    Json ping_;
    Clock::time_point healthy_at_{};
    std::uint64_t progress_ = 0;
    std::map<std::int64_t, RunPtr> runs_;
    bool asking_ = false;
    bool load_failed_ = false;
    bool leaving_ = false;
    bool told_to_leave_ = false;
};

Result<std::unique_ptr<Process>> ServerProcess::start(const asio::any_io_executor& executor,
                                                      const Settings& settings, const Spawn& spawn,
                                                      Process::Observer& observer) {
    auto core = std::make_shared<Core>(executor, settings, observer);
    if (auto started = core->start(spawn); !started) {
        return std::unexpected(started.error());
    }
    return std::unique_ptr<Process>(new ServerProcess(std::move(core)));
}

ServerProcess::ServerProcess(std::shared_ptr<Core> core) : core_(std::move(core)) {}
ServerProcess::~ServerProcess() { core_->silence(); }

pid_t ServerProcess::pid() const { return core_->pid(); }
void ServerProcess::send(const Json& frame) { core_->receive(frame); }
void ServerProcess::signal(int number) { core_->signal(number); }

}  // namespace threadrunner
