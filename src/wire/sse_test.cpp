#include "wire/sse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace threadrunner::wire {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> read(SseReader& reader, std::string_view bytes) {
    std::vector<std::string> out;
    reader.push(bytes, [&](std::string_view data) { out.emplace_back(data); });
    return out;
}

std::vector<std::string> read(std::string_view bytes) {
    SseReader reader;
    return read(reader, bytes);
}

TEST(SseReader, GivesTheDataOfEachEvent) {
    EXPECT_THAT(read("data: {\"a\":1}\n\ndata:b\n\ndata: [DONE]\n\n"),
                ElementsAre("{\"a\":1}", "b", "[DONE]"));
}

TEST(SseReader, AnEventIsNotHeardOfBeforeItIsWhole) {
    SseReader reader;
    EXPECT_THAT(read(reader, "data: hel"), IsEmpty());
    EXPECT_THAT(read(reader, "lo\n"), IsEmpty());
    EXPECT_EQ(reader.held(), 5U);
    EXPECT_THAT(read(reader, "\nda"), ElementsAre("hello"));
    EXPECT_EQ(reader.held(), 2U);
}

TEST(SseReader, LinesOfOneEventAreJoinedAndOtherFieldsAndCommentsLeftOut) {
    EXPECT_THAT(read(": hi\nevent: message\nid: 7\ndata: one\ndata: two\nretry: 1\n\n"),
                ElementsAre("one\ntwo"));
    EXPECT_THAT(read("event: ping\n\n\n\n"), IsEmpty());
}

TEST(SseReader, CarriageReturnsBeforeLineFeedsAreNoPartOfTheData) {
    EXPECT_THAT(read("data: a\r\n\r\ndata: b\r\n\r\n"), ElementsAre("a", "b"));
}

TEST(SseReader, OnlyTheFirstBlankAfterTheColonIsDropped) {
    EXPECT_THAT(read("data:  two\n\n"), ElementsAre(" two"));
}

RC_GTEST_PROP(SseReaderProperty, HoweverTheStreamIsCutTheEventsAreTheSame,
              (const std::vector<std::string>& texts)) {
    std::string stream;
    std::vector<std::string> sent;
    for (std::string text : texts) {
        std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
        if (!text.empty()) {
            stream += "data: " + text + (*rc::gen::arbitrary<bool>() ? "\r\n\r\n" : "\n\n");
            sent.push_back(text);
        }
    }
    SseReader reader;
    std::vector<std::string> got;
    std::string_view rest = stream;
    while (!rest.empty()) {
        const auto size = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
        for (std::string& data : read(reader, rest.substr(0, size))) {
            got.push_back(std::move(data));
        }
        rest.remove_prefix(size);
    }
    RC_ASSERT(got == sent);
    RC_ASSERT(reader.held() == 0U);
}

}  // namespace
}  // namespace threadrunner::wire
