#include "cli/bench/model_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/fake_daemon.h"

namespace threadrunner::cli {
namespace {

using namespace std::chrono_literals;

/// A daemon whose model says `words` words, or what is asked if that is less.
class ModelBenchTest : public testing::Test {
protected:
    Result<BenchReport> run(std::size_t streams, std::int64_t words) {
        UniqueFd client = daemon_.take_client();
        const std::jthread other_side([this, words] { answer_all(words); });
        Connection connection(std::move(client));
        ModelBenchPlan plan{.request = {{"op", "generate"}, {"model", "m"}},
                            .tokens = 8,
                            .context = 400,
                            .streams = streams,
                            .each_for = 0ms,
                            .waits = {.silence = 10s, .until = {}}};
        ModelBench bench(connection, std::move(plan),
                         [this](const std::string& what) { noted_.insert(what); });
        BenchReport report;
        if (auto measured = bench.run(report); !measured) {
            return std::unexpected(measured.error());
        }
        return report;
    }

    void answer_all(std::int64_t words) {
        for (wire::Json request; !(request = daemon_.next_request()).is_null();) {
            const auto id = request["id"];
            const std::string prompt = request["prompt"];
            const std::int64_t count = std::min(words, request["max_tokens"].get<std::int64_t>());
            const bool warm = !prompts_.insert(prompt).second;
            for (std::int64_t i = 0; i < count; ++i) {
                daemon_.say({{"ev", "token"}, {"id", id}, {"text", " word"}});
                std::this_thread::sleep_for(1ms);  // two at one moment are no speed
            }
            const wire::Json usage = {
                {"prompt", 20}, {"cached", warm ? 20 : 0}, {"completion", count}};
            daemon_.say({{"ev", "done"}, {"id", id}, {"reason", "length"}, {"usage", usage}});
            requests_.push_back(std::move(request));
        }
    }

    FakeDaemon daemon_;
    std::set<std::string> prompts_;
    std::set<std::string> noted_;
    std::vector<wire::Json> requests_;
};

TEST_F(ModelBenchTest, EveryMeasurementIsRepeatedAndShown) {
    const auto report = run(1, 100);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_EQ(report->first_token_ms.runs, 3U);
    ASSERT_TRUE(report->prompt.has_value());
    EXPECT_EQ(report->prompt->runs, 3U);
    ASSERT_EQ(report->decodes.size(), 1U);
    EXPECT_EQ(report->decodes[0].each.runs, 3U);
    EXPECT_GT(report->decodes[0].each.median, 0);
    EXPECT_EQ(noted_, (std::set<std::string>{"the first token", "reading a prompt", "an answer"}));
}

TEST_F(ModelBenchTest, RequestsAreGreedyRawAndAsLongAsAsked) {
    ASSERT_TRUE(run(1, 100).has_value());
    std::set<std::int64_t> ids;
    std::map<std::int64_t, int> lengths;
    for (const wire::Json& request : requests_) {
        EXPECT_EQ(request["model"], "m");
        EXPECT_EQ(request["raw"], true);
        EXPECT_EQ(request["temperature"], 0);
        ids.insert(request["id"].get<std::int64_t>());
        ++lengths[request["max_tokens"].get<std::int64_t>()];
    }
    EXPECT_EQ(ids.size(), requests_.size()) << "an id was used twice";
    // one that warms, three first tokens and three prompts; then three answers
    EXPECT_EQ(lengths, (std::map<std::int64_t, int>{{1, 7}, {8, 3}}));
    // a story and three prompts of their own, which leave room in a small context
    EXPECT_EQ(prompts_.size(), 4U);
    for (const std::string& prompt : prompts_) {
        EXPECT_LT(std::ranges::count(prompt, ' '), 104);
    }
}

TEST_F(ModelBenchTest, AModelThatSaysTooLittleIsNotMeasured) {
    const auto report = run(1, 1);
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().code, ErrorCode::inference_failed);
    EXPECT_THAT(report.error().message, testing::HasSubstr("--max-tokens"));
}

}  // namespace
}  // namespace threadrunner::cli
