#include "kinds/sandbox/tool_process.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/tool_limits.h"
#include "kinds/sandbox/tool_instance.h"

namespace threadrunner {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using wire::Json;

Json error_frame(std::int64_t id, const Error& error) {
    return {
        {"ev", "error"}, {"id", id}, {"code", traits(error.code).name}, {"message", error.message}};
}

std::string what_of(const std::string& op, const Json& args) {
    const auto member = [&](const char* name) {
        return args.is_object() ? args.find(name) : args.end();
    };
    if (const auto path = member("path"); path != args.end() && path->is_string()) {
        return op + " of " + path->get<std::string>();
    }
    if (const auto requests = member("requests"); requests != args.end() && requests->is_array()) {
        return op + " of " + std::to_string(requests->size()) + " requests";
    }
    return op;
}

/// The value that a module's reply holds; its error where it reports one.
Result<Json> value_of(const ToolCall& call, std::string_view payload, const std::string& tool) {
    auto reply = wire::decode_msgpack(payload);
    if (!reply || !reply->is_object()) {
        return fail(ErrorCode::worker_crashed,
                    tool + " sent a reply that is no map" +
                        (reply ? "" : " (" + reply.error().message + ")"));
    }
    const auto id = reply->find("id");
    if (id != reply->end() && *id != call.id) {
        return fail(ErrorCode::worker_crashed, tool + " answered another call than " + call.what);
    }
    reply->erase("id");
    encode_bytes(*reply);
    if (reply->value("ok", Json()) != true) {
        const auto error = reply->find("error");
        const bool said = error != reply->end() && error->is_string();
        return fail(ErrorCode::invalid_request,
                    said ? error->get<std::string>() : tool + " failed and did not say why");
    }
    return *std::move(reply);
}

}  // namespace

/// What pending operations need: they keep it alive, so the handle may go at any time.
class ToolProcess::Core : public std::enable_shared_from_this<Core>,
                          private ToolInstance::Observer {
public:
    Core(const asio::any_io_executor& executor, asio::any_io_executor files, Options options,
         Process::Observer& observer)
        : executor_(executor),
          files_(std::move(files)),
          options_(std::move(options)),
          observer_(&observer) {}

    Result<void> start(const Spawner& spawner) {
        ToolInstance::Observer& observer = *this;
        for (std::size_t i = 0; i < options_.instances; ++i) {
            auto instance = std::make_unique<ToolInstance>(executor_, options_.deadline, observer);
            if (auto started = instance->start(options_.command, spawner); !started) {
                instances_.clear();
                return started;
            }
            instances_.push_back(std::move(instance));
        }
        return {};
    }

    void silence() {
        observer_ = nullptr;
        // the processes end with them; not within a call from one of them
        asio::post(executor_, [gone = std::exchange(instances_, {}), self = shared_from_this()] {});
        if (!options_.room.folder.empty()) {
            asio::post(files_, [folder = options_.room.folder] {
                std::error_code ignored;
                std::filesystem::remove_all(folder, ignored);
            });
        }
    }

    [[nodiscard]] pid_t pid() const { return instances_.empty() ? 0 : instances_.front()->pid(); }

    void receive(const Json& frame) {
        const std::string op = frame.at("op").get<std::string>();
        if (op == "ping") {
            pongs_due_ = instances_.size();
            tell_all(frame);
        } else if (op == "load") {
            tell_all(frame);
        } else if (op == "call") {
            call(frame);
        } else if (op == "cancel") {
            cancel(frame.at("id").get<std::int64_t>());
        } else if (op == "shutdown") {
            leaving_ = frame;
            leave_if_free();
        }
    }

    void signal(int number) {
        for (const auto& instance : instances_) {
            if (!instance->ended()) {
                instance->signal(number);
            }
        }
    }

private:
    using Self = std::shared_ptr<Core>;

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

    void tell_all(const Json& frame) {
        for (const auto& instance : instances_) {
            if (!instance->ended()) {
                instance->tell(frame);
            }
        }
    }

    // What the hosts say: together they are one worker.

    void instance_says(const Json& frame) override {
        const std::string event = frame.is_object() ? frame.value("ev", "") : "";
        if (event == "hello") {
            if (++greeted_ == instances_.size()) {
                say(frame);
            }
        } else if (event == "pong") {
            if (pongs_due_ > 0 && --pongs_due_ == 0) {
                // a call's time is looked after by its instance
                Json pong = frame;
                pong["progress"] = ++progress_;
                say(pong);
            }
        } else if (event == "done") {
            if (++loaded_ == instances_.size()) {
                Json ready = frame;
                ready["slots"] = instances_.size() * limits::tool_calls_under_way_max;
                say(ready);
            }
        } else {
            say(frame);
        }
    }

    void instance_logs(std::string_view line) override {
        if (observer_ != nullptr) {
            observer_->on_log_line(line);
        }
    }

    // A call's way: prepared, on the line, on a pipe, settled.

    void call(const Json& frame) {
        auto call = std::make_shared<ToolCall>();
        call->id = frame.at("id").get<std::int64_t>();
        call->op = frame.at("name").get<std::string>();
        call->args = frame.at("args");
        call->what = what_of(call->op, call->args);
        if (const auto left = frame.find("deadline_ms"); left != frame.end()) {
            call->deadline = Clock::now() + milliseconds(left->get<std::int64_t>());
        }
        preparing_.insert(call);
        asio::post(files_, [self = shared_from_this(), call] {
            auto prepared = self->prepare(*call);
            asio::post(self->executor_, [self, call, prepared = std::move(prepared)] {
                self->preparing_.erase(call);
                self->on_prepared(call, prepared);
            });
        });
    }

    /// On the thread for files.
    Result<void> prepare(ToolCall& call) const {
        if (auto prepared = call.files.prepare(options_.room, call.args); !prepared) {
            return prepared;
        }
        Json request = std::exchange(call.args, nullptr);
        request["op"] = call.op;
        request["id"] = call.id;
        call.request = wire::encode_msgpack(request);
        if (call.request.size() > limits::tool_frame_bytes_max) {
            return fail(ErrorCode::too_large, call.what + ": the request has more than " +
                                                  format_bytes(limits::tool_frame_bytes_max));
        }
        return {};
    }

    void on_prepared(const ToolCallPtr& call, const Result<void>& prepared) {
        if (call->cancelled) {
            end_cancelled(call->id);
        } else if (!prepared) {
            say(error_frame(call->id, prepared.error()));
        } else {
            line_.push_back(call);
            feed();
        }
        leave_if_free();
    }

    /// Calls go to the instance that has the fewest.
    void feed() {
        while (!fallen_ && !line_.empty() && !instances_.empty()) {
            const auto next = std::ranges::min_element(
                instances_, {}, [](const auto& i) { return i->under_way(); });
            if ((*next)->under_way() >= limits::tool_calls_under_way_max) {
                break;
            }
            const ToolCallPtr call = std::move(line_.front());
            line_.pop_front();
            (*next)->call(call);
        }
    }

    void cancel(std::int64_t id) {
        const auto has_id = [id](const ToolCallPtr& call) { return call->id == id; };
        if (const auto found = std::ranges::find_if(line_, has_id); found != line_.end()) {
            line_.erase(found);
            end_cancelled(id);
            return;
        }
        for (const ToolCallPtr& call : preparing_) {
            call->cancelled = call->cancelled || has_id(call);
        }
        for (const auto& instance : instances_) {
            instance->cancel(id);
        }
    }

    void end_cancelled(std::int64_t id) {
        say_later({{"ev", "done"}, {"id", id}, {"reason", "cancelled"}});
    }

    void instance_replies(ToolCallPtr call, std::string_view payload) override {
        const bool is_large = payload.size() > limits::parse_on_loop_bytes_max;
        if (!is_large && !call->files.has_data()) {
            finish(call, value_of(*call, payload, options_.room.tool));
        } else {
            settle(call, [self = shared_from_this(), call, text = std::string(payload)] {
                return self->answer(*call, text);
            });
        }
        feed();
    }

    /// On the thread for files.
    Result<Json> answer(const ToolCall& call, const std::string& payload) const {
        auto value = value_of(call, payload, options_.room.tool);
        if (value) {
            if (auto added = call.files.add_data(*value); !added) {
                return std::unexpected(added.error());
            }
        }
        return value;
    }

    template <class Work>
    void settle(const ToolCallPtr& call, Work work) {
        ++settling_;
        asio::post(files_, [self = shared_from_this(), call, work = std::move(work)] {
            asio::post(self->executor_, [self, call, value = work()] {
                --self->settling_;
                self->finish(call, value);
            });
        });
    }

    void finish(const ToolCallPtr& call, const Result<Json>& value) {
        if (!value && value.error().code == ErrorCode::worker_crashed) {
            spoil(*call, value.error());
        } else if (call->cancelled) {
            say({{"ev", "done"}, {"id", call->id}, {"reason", "cancelled"}});
        } else if (!value) {
            say(error_frame(call->id, value.error()));
        } else {
            say({{"ev", "output"}, {"id", call->id}, {"value", *value}});
            say({{"ev", "done"}, {"id", call->id}});
        }
        leave_if_free();
        fall_if_settled();
    }

    // The end.

    /// A reply that is none: what comes next on that pipe means nothing.
    void spoil(const ToolCall& call, const Error& error) {
        if (!fallen_) {
            fallen_ = ExitStatus{.fault = error.message, .begun = std::set<std::uint64_t>()};
        }
        fallen_->begun->insert(static_cast<std::uint64_t>(call.id));
        fallen_->verdict = fallen_->verdict.value_or(error);
        spoilt_ = true;
        signal(SIGKILL);
    }

    void leave_if_free() {
        const bool busy = !preparing_.empty() || !line_.empty() || settling_ > 0 ||
                          std::ranges::any_of(instances_, [](const auto& instance) {
                              return instance->under_way() > 0;
                          });
        if (!leaving_.is_null() && !busy && !std::exchange(told_to_leave_, true)) {
            tell_all(leaving_);
        }
    }

    void instance_ends(ToolInstance::End end) override {
        if (!fallen_) {
            fallen_ = end.status;
            fallen_->begun.emplace();
            if (!end.calls.empty()) {
                judge(end);
            }
        } else if (spoilt_) {
            fallen_->code = end.status.code;
            fallen_->signal = end.status.signal;
        }
        if (!end.calls.empty()) {
            fallen_->begun->insert(static_cast<std::uint64_t>(end.calls.front()->id));
        }
        fall_if_settled();
    }

    /// What the call that it was at ends with, and whether that is the tool's fault.
    void judge(const ToolInstance::End& end) {
        const ToolCall& first = *end.calls.front();
        const bool overdue = end.trap && end.trap->code == ErrorCode::timeout;
        fallen_->is_crash = !overdue && !first.cancelled;
        fallen_->verdict = verdict(end, first, overdue);
    }

    [[nodiscard]] Error verdict(const ToolInstance::End& end, const ToolCall& first,
                                bool overdue) const {
        const std::string& tool = options_.room.tool;
        if (overdue) {
            return {.code = ErrorCode::timeout,
                    .message = tool + " took longer than the " +
                               format_duration(options_.deadline) + " that a call may take, at " +
                               first.what +
                               "; raise deadline_ms in its tool.toml if that is how long it takes"};
        }
        return {.code = ErrorCode::worker_crashed,
                .message = tool + " failed at " + first.what + ": " +
                           (end.trap ? end.trap->message + "; " : "") + "it " +
                           end.status.describe()};
    }

    /// The others finish what they have on the pipe, and what was answered is seen to.
    void fall_if_settled() {
        const bool all = told_to_leave_ || spoilt_;  // they are on their way out
        const bool busy = settling_ > 0 || std::ranges::any_of(instances_, [&](const auto& i) {
                              return !i->ended() && (all || i->under_way() > 0);
                          });
        if (!fallen_ || busy) {
            return;
        }
        const Self self = shared_from_this();
        if (Process::Observer* observer = std::exchange(observer_, nullptr)) {
            observer->on_exit(*fallen_);
        }
    }

    asio::any_io_executor executor_;
    asio::any_io_executor files_;
    const Options options_;
    Process::Observer* observer_;
    std::vector<std::unique_ptr<ToolInstance>> instances_;
    std::size_t greeted_ = 0;
    std::size_t loaded_ = 0;
    std::size_t pongs_due_ = 0;
    std::uint64_t progress_ = 0;
    std::set<ToolCallPtr> preparing_;
    std::deque<ToolCallPtr> line_;
    std::size_t settling_ = 0;
    std::optional<ExitStatus> fallen_;  ///< what its exit will be; it takes no more calls
    bool spoilt_ = false;               ///< a reply meant nothing
    Json leaving_;                      ///< the frame that said so
    bool told_to_leave_ = false;
};

Result<std::unique_ptr<Process>> ToolProcess::start(const asio::any_io_executor& executor,
                                                    asio::any_io_executor files, Options options,
                                                    const Spawner& spawner,
                                                    Process::Observer& observer) {
    auto core = std::make_shared<Core>(executor, std::move(files), std::move(options), observer);
    if (auto started = core->start(spawner); !started) {
        return std::unexpected(started.error());
    }
    return std::unique_ptr<Process>(new ToolProcess(std::move(core)));
}

ToolProcess::ToolProcess(std::shared_ptr<Core> core) : core_(std::move(core)) {}
ToolProcess::~ToolProcess() { core_->silence(); }

pid_t ToolProcess::pid() const { return core_->pid(); }
void ToolProcess::send(const Json& frame) { core_->receive(frame); }
void ToolProcess::signal(int number) { core_->signal(number); }

}  // namespace threadrunner
