#include "wire/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/json_generator.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::arbitrary_json;
using wire::arbitrary_text;
using wire::Json;

std::int64_t count() { return *rc::gen::nonNegative<std::int64_t>(); }

Event arbitrary_done() {
    event::Done done{
        .reason = *rc::gen::element(event::Reason::stop, event::Reason::length,
                                    event::Reason::tool_calls, event::Reason::cancelled),
        .timings = *arbitrary_json(1),
        .result = *arbitrary_json(1)};
    if (*rc::gen::arbitrary<bool>()) {
        done.usage = event::Usage{.prompt = count(), .cached = count(), .completion = count()};
    }
    return done;
}

Event arbitrary_error() {
    const auto code = *rc::gen::inRange(0, static_cast<int>(ErrorCode::disk_full) + 1);
    Error error{.code = static_cast<ErrorCode>(code), .message = *arbitrary_text()};
    if (*rc::gen::arbitrary<bool>()) {
        error.retry_after = std::chrono::milliseconds(count());
    }
    return error;
}

event::Load arbitrary_load() {
    event::Load load{.stage = *arbitrary_text(), .fraction = *rc::gen::inRange(0, 1001) / 1000.0};
    if (*rc::gen::arbitrary<bool>()) {
        load.done_bytes = count();
        load.total_bytes = count();
    }
    return load;
}

/// Any event that a job can have.
Event arbitrary_event() {
    switch (*rc::gen::inRange(0, 12)) {
        case 0:
            return event::Accepted{.job = *arbitrary_text()};
        case 1:
            return event::Queued{.position = static_cast<std::uint64_t>(count())};
        case 2:
            return arbitrary_load();
        case 3:
            return event::Prompt{.done = count(), .total = count(), .cached = count()};
        case 4:
            return event::Reasoning{.text = *arbitrary_text()};
        case 5:
            return event::Token{.text = *arbitrary_text(), .logprobs = *arbitrary_json(1)};
        case 6:
            return event::ToolCall{.name = *arbitrary_text(), .arguments = *arbitrary_json(1)};
        case 7:
            return event::Log{.stream = *arbitrary_text(), .text = *arbitrary_text()};
        case 8:
            return event::Output{.value = *arbitrary_json(1)};
        case 9:
            return event::Tool{
                .call = *arbitrary_text(),
                .name = *arbitrary_text(),
                .state = *rc::gen::element(event::Tool::State::asks, event::Tool::State::runs,
                                           event::Tool::State::done, event::Tool::State::failed,
                                           event::Tool::State::refused),
                .arguments = *arbitrary_json(1),
                .result = *arbitrary_json(1),
                .message = *arbitrary_text()};
        case 10:
            return arbitrary_done();
        default:
            return arbitrary_error();
    }
}

std::string fault_of(const Json& json) {
    const auto event = wire::event_from_json(json);
    if (event) {
        return "no fault";
    }
    EXPECT_EQ(event.error().code, ErrorCode::invalid_request);
    return event.error().message;
}

TEST(Events, LookAsPublished) {
    using wire::event_to_json;
    EXPECT_EQ(event_to_json(event::Token{.text = "Hi"}), Json({{"ev", "token"}, {"text", "Hi"}}));
    EXPECT_EQ(event_to_json(event::Queued{.position = 2}),
              Json({{"ev", "queued"}, {"position", 2}}));
    EXPECT_EQ(event_to_json(event::Done{.reason = event::Reason::length,
                                        .usage = event::Usage{.prompt = 3, .completion = 4}}),
              Json({{"ev", "done"},
                    {"reason", "length"},
                    {"usage", {{"prompt", 3}, {"cached", 0}, {"completion", 4}}}}));
    EXPECT_EQ(event_to_json(Error{.code = ErrorCode::overloaded,
                                  .message = "later",
                                  .retry_after = std::chrono::seconds(1)}),
              Json({{"ev", "error"},
                    {"code", "overloaded"},
                    {"message", "later"},
                    {"retryable", true},
                    {"retry_after_ms", 1000}}));
}

TEST(Events, OnlyDoneAndErrorEndAJob) {
    EXPECT_TRUE(ends_job(event::Done{}));
    EXPECT_TRUE(ends_job(Error{}));
    EXPECT_FALSE(ends_job(event::Token{}));
    EXPECT_FALSE(ends_job(event::Output{}));
}

TEST(Events, UnknownKindsAndWrongTypesAreRefused) {
    EXPECT_THAT(fault_of({{"ev", "dance"}}), HasSubstr("unknown kind 'dance'"));
    EXPECT_THAT(fault_of(Json::object()), HasSubstr("the event lacks 'ev'"));
    EXPECT_THAT(fault_of({{"ev", 1}}), HasSubstr("'ev' must be a string"));
    EXPECT_THAT(fault_of({{"ev", "token"}}), HasSubstr("lacks 'text'"));
    EXPECT_THAT(fault_of({{"ev", "token"}, {"text", 1}}), HasSubstr("'text' must be a string"));
    EXPECT_THAT(fault_of({{"ev", "load"}, {"stage", "model"}, {"fraction", 2}}),
                HasSubstr("'fraction'"));
    EXPECT_THAT(fault_of({{"ev", "done"}, {"usage", {{"prompt", "many"}}}}), HasSubstr("'prompt'"));
    EXPECT_THAT(fault_of({{"ev", "done"}, {"usage", 5}}), HasSubstr("usage is not an object"));
    EXPECT_THAT(fault_of("token"), HasSubstr("not an object"));
}

TEST(Events, ANewerDaemonsExtraMembersAreIgnored) {
    EXPECT_EQ(fault_of({{"ev", "token"}, {"text", "x"}, {"colour", "red"}}), "no fault");
}

RC_GTEST_PROP(Events, AnyEventArrivesAsItWasSent, ()) {
    const Event sent = arbitrary_event();
    const Json json = wire::event_to_json(sent);
    const auto decoded = wire::decode_json(wire::encode_json(json));
    RC_ASSERT(decoded.has_value());
    const auto arrived = wire::event_from_json(*decoded);
    RC_ASSERT(arrived.has_value());
    RC_ASSERT(arrived->index() == sent.index());
    RC_ASSERT(wire::event_to_json(*arrived) == json);
}

RC_GTEST_PROP(Events, AnyDocumentIsAnEventOrARefusal, ()) {
    Json json = *arbitrary_json();
    if (json.is_object()) {
        json["ev"] = *rc::gen::element<std::string>("load", "done", "error", "prompt", "queued");
    }
    const auto event = wire::event_from_json(json);
    if (!event) {
        RC_ASSERT(!event.error().message.empty());
    }
}

}  // namespace
}  // namespace threadrunner
