#include "door/http/answer_names.h"

#include <gtest/gtest.h>

namespace threadrunner::http {
namespace {

TEST(AnswerNames, ADocumentHasTheJobsNameAndTheModelsAsTheClientKnowsIt) {
    EXPECT_EQ(AnswerNames("j7", "tiny").in(R"({"choices":[],"id":"chatcmpl-1","model":"g.gguf"})"),
              R"({"choices":[],"id":"j7-chatcmpl-1","model":"tiny"})");
}

TEST(AnswerNames, EveryEventOfAStreamHasThem) {
    EXPECT_EQ(AnswerNames("j7", "tiny")
                  .in("data: {\"id\":\"c\",\"model\":\"m\"}\n\n"
                      "data: {\"id\":\"c\",\"model\":\"m\"}\r\n\r\n"
                      "data: [DONE]\n\n"),
              "data: {\"id\":\"j7-c\",\"model\":\"tiny\"}\n\n"
              "data: {\"id\":\"j7-c\",\"model\":\"tiny\"}\r\n\r\n"
              "data: [DONE]\n\n");
}

TEST(AnswerNames, AnswersWithinEventsHaveThemAndPartsOfAnswersDoNot) {
    const AnswerNames names("j7", "tiny");
    EXPECT_EQ(names.in(R"({"type":"message_start","message":{"id":"msg_1","model":"m"}})"),
              R"({"type":"message_start","message":{"id":"j7-msg_1","model":"tiny"}})");
    EXPECT_EQ(names.in(R"({"response":{"id":"resp_1","model":"m"}})"),
              R"({"response":{"id":"j7-resp_1","model":"tiny"}})");
    const std::string part = R"({"content_block":{"id":"toolu_1","model":"m"},"index":0})";
    EXPECT_EQ(names.in(part), part);
}

TEST(AnswerNames, WithoutANameOfTheClientsTheModelKeepsItsOwn) {
    EXPECT_EQ(AnswerNames("j7", "").in(R"({"model":"m"})"), R"({"model":"m"})");
}

TEST(AnswerNames, ANameIsWrittenAsJson) {
    EXPECT_EQ(AnswerNames("j7", "a\"b").in(R"({"model":"m"})"), R"({"model":"a\"b"})");
    EXPECT_EQ(with_model(R"({"model":"upstream:x","messages":[{"model":"y"}]})", "x"),
              R"({"model":"x","messages":[{"model":"y"}]})");
}

}  // namespace
}  // namespace threadrunner::http
