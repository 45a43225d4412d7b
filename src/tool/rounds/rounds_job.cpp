#include "tool/rounds/rounds_job.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <variant>

#include "base/text.h"
#include "base/tool_limits.h"

namespace threadrunner::tool {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using wire::Json;
using State = event::Tool::State;

std::unique_ptr<Dialogue> dialogue_of(const Work& work) {
    const auto* generate = std::get_if<work::Generate>(&work);
    return generate != nullptr ? generate_dialogue(*generate)
                               : chat_dialogue(std::get<work::Route>(work));
}

/// What a model gets to read of a result.
std::string readable(std::string text) {
    if (text.size() > limits::tool_result_bytes_max) {
        const std::string bytes = format_bytes(text.size());
        text.resize(
            utf8_valid_prefix(std::string_view(text).substr(0, limits::tool_result_bytes_max)));
        text += "… (cut: the whole result has " + bytes + "; ask for less)";
    }
    return text;
}

std::string error_text(const std::string& message) {
    return wire::encode_json({{"ok", false}, {"error", message}});
}

Result<Json> read_arguments(const std::string& text) {
    if (text.empty()) {
        return Json::object();
    }
    auto arguments = wire::decode_json(text);
    if (!arguments || !arguments->is_object()) {
        return fail(ErrorCode::invalid_request, "its arguments are no JSON object");
    }
    return arguments;
}

void add(event::Done& answer, const std::optional<event::Usage>& before) {
    if (answer.usage && before) {
        answer.usage->prompt += before->prompt;
        answer.usage->cached += before->cached;
        answer.usage->completion += before->completion;
    }
}

}  // namespace

JobSpec call_of(const Offer& offer, std::string op) {
    JobSpec spec;
    spec.backend = "sandbox";
    spec.model = offer.tool;
    spec.work = work::Call{.op = std::move(op),
                           .directories = offer.directories,
                           .read_only = offer.writing != Offer::Writing::allow};
    return spec;
}

RoundsJob::RoundsJob(asio::any_io_executor executor, Jobs& jobs, const Job& job)
    : executor_(std::move(executor)),
      jobs_(jobs),
      id_(job.id),
      spec_(job.spec),
      dialogue_(dialogue_of(job.spec.work)),
      permission_(executor_) {
    spec_.work = work::Load();  // the dialogue has it
}

awaitable<void> RoundsJob::run() {
    const bool ready = co_await learn_functions();
    if (!ready) {
        co_return;
    }
    for (std::size_t round = 0;; ++round) {
        const bool answered = co_await hear_answer();
        if (!answered) {
            co_return;
        }
        std::vector<ModelCall> calls = dialogue_->calls();
        if (calls.empty() || has_foreign(calls) || round == spec_.offers.rounds_max) {
            finish(calls);
            co_return;
        }
        const bool goes_on = co_await make_calls(std::move(calls));
        if (!goes_on) {
            co_return;
        }
    }
}

void RoundsJob::wake() {
    permission_.cancel();
    if (child_) {
        child_->wake();
    }
}

void RoundsJob::credit(unsigned credits) {
    const unsigned late = std::min(credits, too_late_);
    too_late_ -= late;
    const unsigned due = std::min(credits - late, unpaid_);
    unpaid_ -= due;
    if (child_) {
        child_->give_back(due);
    }
}

bool RoundsJob::permit(const std::string& call, bool allow) {
    if (asked_.empty() || asked_ != call) {
        return false;
    }
    permitted_ = allow;
    permission_.cancel();
    return true;
}

/// The job, if it is still to go on. One that was cancelled ends here.
Job* RoundsJob::alive() {
    Job* job = jobs_.find(id_);
    if (job != nullptr && job->cancelled) {
        jobs_.emit(*job, event::Done{.reason = event::Reason::cancelled, .usage = answer_.usage});
        return nullptr;
    }
    return job;
}

void RoundsJob::say(const Event& event, unsigned credits) {
    if (Job* job = jobs_.find(id_)) {
        unpaid_ += credits;
        jobs_.emit(*job, event, credits);
    }
}

const RoundsJob::Offered* RoundsJob::find(const std::string& name) const {
    const auto found = std::ranges::find(
        offered_, name, [](const Offered& offered) { return offered.function.name; });
    return found == offered_.end() ? nullptr : &*found;
}

/// Whether one is for the client: then the answer is.
bool RoundsJob::has_foreign(const std::vector<ModelCall>& calls) const {
    return std::ranges::any_of(calls,
                               [&](const ModelCall& call) { return find(call.name) == nullptr; });
}

awaitable<bool> RoundsJob::learn_functions() {
    std::vector<Function> all;
    for (const Offer& offer : spec_.offers.tools) {
        JobSpec spec = call_of(offer, "describe");
        const auto told = co_await follow(std::move(spec), Heard::nothing);
        if (!told) {
            co_return false;
        }
        if (!told->end) {
            say(told->end.error());
            co_return false;
        }
        auto functions = functions_of(offer.tool, told->output);
        if (!functions) {
            say(functions.error());
            co_return false;
        }
        for (Function& function : *functions) {
            if (find(function.name) != nullptr) {
                say(Error{.code = ErrorCode::invalid_request,
                          .message = "the function " + function.name + " is offered twice"});
                co_return false;
            }
            all.push_back(function);
            offered_.push_back({.offer = &offer, .function = std::move(function)});
        }
    }
    dialogue_->offer(all);
    co_return true;
}

awaitable<bool> RoundsJob::hear_answer() {
    JobSpec spec;
    spec.backend = spec_.backend;
    spec.model = spec_.model;
    spec.work = dialogue_->request();
    spec.priority = spec_.priority;
    spec.keep_alive = spec_.keep_alive;
    const auto heard = co_await follow(std::move(spec), Heard::by_client);
    if (!heard) {
        co_return false;
    }
    if (!heard->end) {
        say(heard->end.error());
        co_return false;
    }
    event::Done done = *heard->end;
    add(done, answer_.usage);
    answer_ = std::move(done);
    if (answer_.reason == event::Reason::cancelled) {
        say(answer_);
        co_return false;
    }
    co_return true;
}

awaitable<bool> RoundsJob::make_calls(std::vector<ModelCall> calls) {
    if (calls.size() > limits::tool_calls_max) {
        say(Error{.code = ErrorCode::inference_failed,
                  .message = "the model wants " + std::to_string(calls.size()) +
                             " calls at once; at most " + std::to_string(limits::tool_calls_max) +
                             " are made"});
        co_return false;
    }
    std::vector<Dialogue::Result> results;
    for (ModelCall& call : calls) {
        std::string text = co_await make_call(call);
        if (jobs_.find(id_) == nullptr) {
            co_return false;
        }
        results.push_back({.call = std::move(call), .text = std::move(text)});
    }
    dialogue_->go_on(results);
    co_return true;
}

/// What the model is to read. The job may have ended meanwhile.
awaitable<std::string> RoundsJob::make_call(const ModelCall& call) {
    event::Tool about{.call = "c" + std::to_string(++calls_made_), .name = call.name};
    auto arguments = read_arguments(call.arguments);
    if (!arguments) {
        co_return ended_badly(about, State::failed, arguments.error().message);
    }
    about.arguments = *arguments;
    const Offered& offered = *find(call.name);
    bool may = offered.offer->writing == Offer::Writing::allow;
    if (offered.function.writes && offered.offer->writing == Offer::Writing::ask) {
        may = co_await may_write(about);
        if (alive() == nullptr) {
            co_return "";
        }
    }
    if (offered.function.writes && !may) {
        co_return ended_badly(about, State::refused, "the user does not allow writing");
    }
    about.state = State::runs;
    say(about);
    JobSpec spec = call_of(*offered.offer, offered.function.op);
    auto& wanted = std::get<work::Call>(spec.work);
    wanted.args = *std::move(arguments);
    wanted.read_only = !may;
    auto made = co_await follow(std::move(spec), Heard::nothing);
    if (!made) {
        co_return "";
    }
    if (!made->end) {
        co_return ended_badly(about, State::failed, made->end.error().message);
    }
    if (made->end->reason == event::Reason::cancelled) {
        co_return ended_badly(about, State::failed, "the call was cancelled");
    }
    about.state = State::done;
    about.arguments = nullptr;
    about.result = std::move(made->output);
    say(about);
    co_return readable(wire::encode_json(about.result));
}

std::string RoundsJob::ended_badly(event::Tool& about, State state, const std::string& message) {
    about.state = state;
    about.arguments = nullptr;
    about.message = message;
    say(about);
    return readable(error_text(message));
}

awaitable<bool> RoundsJob::may_write(event::Tool about) {
    about.state = State::asks;
    asked_ = about.call;
    permitted_.reset();
    permission_.expires_after(limits::tool_permission_within);
    say(about);
    boost::system::error_code ignored;
    co_await permission_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    asked_.clear();
    co_return permitted_.value_or(false);
}

/// Runs a child to its end; nothing when the job itself is over.
awaitable<std::optional<RoundsJob::Ended>> RoundsJob::follow(JobSpec spec, Heard heard) {
    if (alive() == nullptr) {
        co_return std::nullopt;
    }
    spec.parent = id_;
    child_.emplace(executor_, jobs_);
    child_->submit(std::move(spec));
    std::optional<Ended> ended;
    while (!ended) {
        auto item = co_await child_->next();
        if (jobs_.find(id_) == nullptr) {
            break;
        }
        if (!item) {
            continue;  // it was cancelled, and so was the child, whose end will come
        }
        if (auto* error = std::get_if<Error>(&item->event)) {
            ended = Ended{.end = std::unexpected(std::move(*error)), .output = output_};
        } else if (auto* done = std::get_if<event::Done>(&item->event)) {
            ended = Ended{.end = std::move(*done), .output = std::move(output_)};
        } else {
            take(item->event, item->credits, heard);
        }
    }
    too_late_ += std::exchange(unpaid_, 0);
    child_.reset();
    output_ = nullptr;
    if (alive() == nullptr) {
        co_return std::nullopt;
    }
    co_return ended;
}

/// An event of the child, but for its end.
void RoundsJob::take(const Event& event, unsigned credits, Heard heard) {
    std::vector<Event> out;
    if (const auto* output = std::get_if<event::Output>(&event)) {
        output_ = output->value;
    }
    if (heard == Heard::by_client && !std::holds_alternative<event::Accepted>(event)) {
        dialogue_->hear(event, out);
    }
    if (out.empty()) {
        child_->give_back(credits);
    }
    for (const Event& told : out) {
        say(told, std::exchange(credits, 0));
    }
}

void RoundsJob::finish(std::vector<ModelCall> calls) {
    if (has_foreign(calls)) {
        std::erase_if(calls, [&](const ModelCall& call) { return find(call.name) != nullptr; });
    }
    std::vector<Event> out;
    dialogue_->finish(calls, answer_, out);
    for (const Event& told : out) {
        say(told);
    }
}

}  // namespace threadrunner::tool
