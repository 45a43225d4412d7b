#include "kinds/upstream/answer_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::Json;

HttpHead stream_head() { return {.status = 200, .content_type = "text/event-stream"}; }
HttpHead json_head(int status = 200) {
    return {.status = status, .content_type = "application/json; charset=utf-8"};
}

AnswerFrames answer_to(const HttpHead& head) {
    AnswerFrames answer(7, "the server");
    EXPECT_TRUE(answer.head(head));
    return answer;
}

Error refusal_of(const HttpHead& head) {
    AnswerFrames answer(7, "the server");
    const auto frame = answer.head(head);
    return frame ? Error{.message = "no fault"} : frame.error();
}

/// The data of the frame that the bytes complete; empty: none.
std::string data_of(const Result<std::optional<Json>>& frame) {
    if (!frame) {
        return "error: " + frame.error().message;
    }
    return *frame ? (**frame).at("data").get<std::string>() : "";
}

TEST(AnswerFrames, EventsArePassedOnAsSoonAsTheyAreWhole) {
    AnswerFrames answer = answer_to(stream_head());
    EXPECT_EQ(data_of(answer.body("data: a")), "");
    EXPECT_EQ(data_of(answer.body("\n")), "");
    EXPECT_EQ(data_of(answer.body("\ndata: b\n\ndata")), "data: a\n\ndata: b\n\n");
    EXPECT_EQ(data_of(answer.body(": c\r\n\r")), "");
    EXPECT_EQ(data_of(answer.body("\n")), "data: c\r\n\r\n");
    EXPECT_EQ(data_of(answer.rest()), "");
    EXPECT_EQ(answer.done(), (Json{{"ev", "done"}, {"id", 7}}));
}

TEST(AnswerFrames, HalfAnEventAtTheEndIsAFault) {
    AnswerFrames answer = answer_to(stream_head());
    EXPECT_EQ(data_of(answer.body("data: a\n\ndata: {\"cho")), "data: a\n\n");
    EXPECT_THAT(data_of(answer.rest()), HasSubstr("in the midst of an event"));
}

TEST(AnswerFrames, AnEventWithoutAnEndHasABound) {
    AnswerFrames answer = answer_to(stream_head());
    const std::string piece(limits::mib, 'x');
    std::string last;
    for (std::size_t sent = 0; sent <= limits::http_event_bytes_max; sent += piece.size()) {
        last = data_of(answer.body(piece));
    }
    EXPECT_THAT(last, HasSubstr("an event of more than 4.0 MiB"));
}

TEST(AnswerFrames, ADocumentComesInOnePieceWithItsNumbers) {
    AnswerFrames answer = answer_to(json_head());
    EXPECT_EQ(data_of(answer.body(R"({"usage":{"prompt_tokens":3,)")), "");
    EXPECT_EQ(data_of(answer.body(R"("completion_tokens":2}})")), "");
    EXPECT_EQ(data_of(answer.rest()), R"({"usage":{"prompt_tokens":3,"completion_tokens":2}})");
    EXPECT_EQ(answer.done().at("usage"), (Json{{"prompt", 3}, {"cached", 0}, {"completion", 2}}));
}

TEST(AnswerFrames, TheCountOfAStreamIsFoundAmongItsEvents) {
    AnswerFrames answer = answer_to(stream_head());
    data_of(answer.body("data: {\"choices\":[]}\n\n"));
    data_of(
        answer.body("data: {\"timings\":{\"cache_n\":1,\"prompt_n\":2,\"predicted_n\":4}}\n\n"));
    EXPECT_EQ(answer.done().at("usage"), (Json{{"prompt", 3}, {"cached", 1}, {"completion", 4}}));
    EXPECT_EQ(answer.done().at("timings").at("predicted_n"), 4);
}

TEST(AnswerFrames, AnErrorsDocumentIsCollectedWhateverItsType) {
    AnswerFrames answer(7, "the server");
    const auto head = answer.head({.status = 401, .content_type = "text/event-stream"});
    ASSERT_TRUE(head);
    EXPECT_EQ(head->at("status"), 401);
    EXPECT_EQ(head->at("content_type"), "application/json");
    data_of(answer.body("no "));
    data_of(answer.body("entry"));
    EXPECT_EQ(data_of(answer.rest()), "no entry");
}

TEST(AnswerFrames, APageOfHtmlIsNoAnswer) {
    const Error error = refusal_of({.status = 200, .content_type = "text/html"});
    EXPECT_EQ(error.code, ErrorCode::inference_failed);
    EXPECT_THAT(error.message, HasSubstr("answered with text/html, not with JSON"));
    EXPECT_THAT(refusal_of({.status = 200}).message, HasSubstr("no content type"));
}

TEST(AnswerFrames, ARedirectIsReportedAndNotFollowed) {
    const Error error = refusal_of({.status = 302, .location = "http://elsewhere/"});
    EXPECT_EQ(error.code, ErrorCode::unreachable);
    EXPECT_THAT(error.message, HasSubstr("redirects to http://elsewhere/"));
    EXPECT_THAT(error.message, HasSubstr("upstream.url"));
}

}  // namespace
}  // namespace threadrunner
