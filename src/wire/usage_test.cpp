#include "wire/usage.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace threadrunner::wire {
namespace {

constexpr std::string_view timings =
    R"("timings":{"cache_n":7,"prompt_n":3,"prompt_ms":1.5,"predicted_n":20,"predicted_ms":9.5})";

UsageReader read(std::initializer_list<std::string_view> chunks) {
    UsageReader reader;
    for (const std::string_view chunk : chunks) {
        reader.read(chunk);
    }
    return reader;
}

void expect_usage(const UsageReader& reader, event::Usage expected) {
    ASSERT_TRUE(reader.usage());
    EXPECT_EQ(reader.usage()->prompt, expected.prompt);
    EXPECT_EQ(reader.usage()->cached, expected.cached);
    EXPECT_EQ(reader.usage()->completion, expected.completion);
}

TEST(UsageReader, CountsCachedTokensAsPartOfThePrompt) {
    const auto reader = read({"{\"content\":\"x\"," + std::string(timings) + "}"});
    expect_usage(reader, {.prompt = 10, .cached = 7, .completion = 20});
    EXPECT_EQ(reader.timings().at("predicted_ms"), 9.5);
}

TEST(UsageReader, TakesTheLastChunkOfAStreamThatHasTimings) {
    const std::string last = "data: {\"stop\":true," + std::string(timings) + "}\n\n";
    const auto reader = read({"data: {\"content\":\" a\",\"stop\":false}\n\n",
                              "data: {\"content\":\" b\",\"timings\":{\"predicted_n\":1}}\n\n",
                              last, "data: [DONE]\n\n"});
    expect_usage(reader, {.prompt = 10, .cached = 7, .completion = 20});
}

TEST(UsageReader, FindsTimingsAmongSeveralEventsInOneChunk) {
    const auto reader =
        read({"data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],"
              "\"usage\":{\"prompt_tokens\":1}," +
              std::string(timings) + "}\n\n"});
    expect_usage(reader, {.prompt = 10, .cached = 7, .completion = 20});
}

TEST(UsageReader, DoesNotBelieveTheModelsOwnText) {
    const auto reader = read({R"(data: {"content":"\"timings\":{\"predicted_n\":99}","stop":false})"
                              "\n\n"});
    EXPECT_FALSE(reader.usage());
    EXPECT_TRUE(reader.timings().is_null());
}

TEST(UsageReader, ReadsTheUsageOfAnswersWithoutTimings) {
    expect_usage(read({R"({"object":"list","usage":{"prompt_tokens":5,"total_tokens":5}})"}),
                 {.prompt = 5});
    expect_usage(read({R"({"usage":{"input_tokens":9,"output_tokens":4,
                           "input_tokens_details":{"cached_tokens":6}}})"}),
                 {.prompt = 9, .cached = 6, .completion = 4});
}

TEST(UsageReader, PutsAnthropicsTwoHalvesTogether) {
    const auto reader =
        read({"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":"
              "{\"cache_read_input_tokens\":8,\"input_tokens\":2,\"output_tokens\":0}}}\n\n",
              "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":"
              "{\"output_tokens\":30}}\n\n"});
    expect_usage(reader, {.prompt = 10, .cached = 8, .completion = 30});
}

TEST(UsageReader, AddsUpTheAnswersToSeveralPrompts) {
    const std::string one = "{" + std::string(timings) + "}";
    expect_usage(read({"[" + one + "," + one + "]"}),
                 {.prompt = 20, .cached = 14, .completion = 40});
}

TEST(UsageReader, HasNothingToSayOfATokenization) {
    EXPECT_FALSE(read({R"({"tokens":[1,2,3]})"}).usage());
}

TEST(UsageReader, SurvivesWhatIsNoJson) {
    EXPECT_FALSE(
        read({"{\"timings\":", "data: \"usage\"\n", "\"usage\"", "[\"timings\"]"}).usage());
}

}  // namespace
}  // namespace threadrunner::wire
