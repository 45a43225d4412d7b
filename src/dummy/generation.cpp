#include "dummy/generation.h"

#include <ctime>
#include <string>
#include <utility>

namespace threadrunner::dummy {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t prompt_steps_max = 10;
constexpr std::string_view failure = "the dummy was told to fail here";

double elapsed_ms(Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

Generation::Generation(std::int64_t id, std::int64_t slot, Request request, const Shapes& shapes,
                       const Options& options, Clock::time_point now)
    : Task(id),
      shapes_(shapes),
      options_(options),
      started_(now),
      prompt_read_(now + milliseconds(options.prompt_ms)) {
    exchange_.id = id;
    exchange_.slot = slot;
    exchange_.answer = make_answer(request.prompt, request.tokens_max, request.stop);
    exchange_.prompt_tokens =
        static_cast<std::int64_t>(count_words(request.prompt) + count_words(request.earlier));
    exchange_.thought = static_cast<std::size_t>(options.think);
    if (!request.tool.empty()) {
        // a call is one token: its arguments
        const wire::Json arguments = request.arguments.is_null()
                                         ? wire::Json{{"prompt", request.prompt}}
                                         : request.arguments;
        exchange_.answer = {.tokens = {wire::encode_json(arguments)},
                            .reason = event::Reason::tool_calls,
                            .stopping_word = {},
                            .generated = 1};
        exchange_.thought = 0;
    }
    exchange_.request = std::move(request);
    exchange_.created = std::time(nullptr);
}

Step Generation::advance(Clock::time_point now, std::size_t events_max, Outbox& outbox) {
    Step step{.state = Step::State::ready};
    bool got_on = false;
    for (std::size_t i = 0; i < events_max && step.state == Step::State::ready && !step.fault;
         ++i) {
        step = take_step(now, outbox);
        got_on = got_on || step.state != Step::State::waits;
    }
    step.got_on = got_on;
    return step;
}

Step Generation::take_step(Clock::time_point now, Outbox& outbox) {
    const bool at_end = said_ == exchange_.answer.tokens.size();
    // A document is one event, so only the last step needs credit; a chunk is one each.
    if (!has_credit() && (exchange_.request.stream || at_end)) {
        return {.state = Step::State::waits};
    }
    return now < prompt_read_ ? read_prompt(now, outbox) : say(now, outbox);
}

Step Generation::read_prompt(Clock::time_point now, Outbox& outbox) {
    const auto step = (prompt_read_ - started_) / prompt_steps_max;
    const bool reports = exchange_.request.stream && exchange_.request.return_progress;
    if (!reports) {
        return {.state = Step::State::waits, .until = prompt_read_};
    }
    const auto due = started_ + step * prompt_steps_;
    if (now < due) {
        return {.state = Step::State::waits, .until = due};
    }
    const std::int64_t done = exchange_.prompt_tokens * prompt_steps_++ / prompt_steps_max;
    send_chunk(shapes_.progress(exchange_, done, elapsed_ms(now - started_)), outbox);
    return {.state = Step::State::ready};
}

Step Generation::say(Clock::time_point now, Outbox& outbox) {
    if (said_ == exchange_.answer.tokens.size()) {
        return finish(now, outbox);
    }
    if (const auto due = token_due(); now < due) {
        return {.state = Step::State::waits, .until = due};
    }
    return say_next(outbox);
}

Step Generation::say_next(Outbox& outbox) {
    if (std::cmp_equal(said_ + 1, options_.fail_at)) {
        return fail(outbox);
    }
    if (const auto fault = fault_here(); fault && !std::exchange(fault_passed_, true)) {
        return {.state = Step::State::ready, .fault = fault};
    }
    if (exchange_.request.stream) {
        send_chunk(shapes_.token(exchange_, said_), outbox);
    }
    ++said_;
    return {.state = Step::State::ready};
}

Step Generation::finish(Clock::time_point now, Outbox& outbox) {
    exchange_.prompt_ms = elapsed_ms(prompt_read_ - started_);
    exchange_.predicted_ms = elapsed_ms(now - prompt_read_);
    if (exchange_.request.stream) {
        send_chunk(shapes_.last(exchange_), outbox);
    } else {
        send_head(200, "application/json", outbox);
        spend_credit();
        outbox.put({{"ev", "body"}, {"id", id()}, {"data", shapes_.document(exchange_)}});
    }
    outbox.put({{"ev", "done"},
                {"id", id()},
                {"reason", wire::reason_name(exchange_.answer.reason)},
                {"usage", usage()},
                {"timings", timings(exchange_)}});
    return {.state = Step::State::ended};
}

/// As llama-server fails: a document with its status while nothing has been sent, an event
/// afterwards.
Step Generation::fail(Outbox& outbox) {
    if (!head_sent_) {
        send_head(500, "application/json", outbox);
        outbox.put({{"ev", "body"}, {"id", id()}, {"data", error_document(failure)}});
    } else {
        outbox.put({{"ev", "body"}, {"id", id()}, {"data", shapes_.error(failure)}});
    }
    outbox.put({{"ev", "done"}, {"id", id()}});
    return {.state = Step::State::ended};
}

void Generation::cancel(Outbox& outbox) {
    outbox.put({{"ev", "done"}, {"id", id()}, {"reason", "cancelled"}, {"usage", usage()}});
}

std::optional<Fault> Generation::fault_here() const {
    const auto next = static_cast<std::int64_t>(said_) + 1;
    if (next == options_.crash_at) {
        return Fault::crash;
    }
    if (next == options_.freeze_at) {
        return Fault::freeze;
    }
    if (next == options_.garbage_at) {
        return Fault::garbage;
    }
    return std::nullopt;
}

Clock::time_point Generation::token_due() const {
    if (options_.tokens_per_second <= 0) {
        return prompt_read_;
    }
    const std::chrono::duration<double> offset(static_cast<double>(said_) /
                                               options_.tokens_per_second);
    return prompt_read_ + std::chrono::duration_cast<Clock::duration>(offset);
}

wire::Json Generation::usage() const {
    const bool whole = said_ == exchange_.answer.tokens.size();
    return {
        {"prompt", exchange_.prompt_tokens},
        {"cached", 0},
        {"completion", (whole ? exchange_.answer.generated : said_) * exchange_.request.answers}};
}

void Generation::send_head(int status, std::string_view content_type, Outbox& outbox) {
    head_sent_ = true;
    outbox.put({{"ev", "head"}, {"id", id()}, {"status", status}, {"content_type", content_type}});
}

void Generation::send_chunk(const std::string& chunk, Outbox& outbox) {
    if (!head_sent_) {
        send_head(200, "text/event-stream", outbox);
    }
    spend_credit();
    outbox.put({{"ev", "body"}, {"id", id()}, {"data", chunk}});
}

}  // namespace threadrunner::dummy
