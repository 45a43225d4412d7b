#include "cli/bench/bench_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

BenchReport report() {
    return {.model = "gemma",
            .weights_bytes = 200'000'000,
            .threads = 2,
            .array_bytes = 128 * limits::mib,
            .memory = {.read = 10e9, .copy = 12.34e9, .triad = 9.5e9},
            .first_token_ms = {.median = 21.4, .least = 20, .most = 30, .runs = 9},
            .prompt = Spread{.median = 901, .least = 880, .most = 950, .runs = 5},
            .decodes = {{.streams = 1,
                         .each = {.median = 40, .least = 39, .most = 41, .runs = 3},
                         .together = {.median = 40, .least = 39, .most = 41, .runs = 3}},
                        {.streams = 4,
                         .each = {.median = 25, .least = 24, .most = 26, .runs = 3},
                         .together = {.median = 100, .least = 99, .most = 101, .runs = 3}}}};
}

TEST(BenchView, ThePersonSeesTheCeilingAndWhatWasReached) {
    const std::string text = bench_text(report());
    EXPECT_THAT(text, HasSubstr("BY 2 THREADS IN ARRAYS OF 128 MiB"));
    EXPECT_THAT(text, HasSubstr("copy    12.3"));
    EXPECT_THAT(text, HasSubstr("first token, warm            ms        21.4    20.0   30.0  9"));
    EXPECT_THAT(text, HasSubstr("answer, 4 streams, together  tokens/s  100     99.0   101   3"));
    EXPECT_THAT(text, HasSubstr("allows one stream 50.0 tokens/s at most;\nit reached 80 % of"));
}

TEST(BenchView, WithoutKnownWeightsThereIsNoCeiling) {
    BenchReport unknown = report();
    unknown.weights_bytes = 0;
    unknown.prompt.reset();
    EXPECT_THAT(bench_text(unknown), Not(HasSubstr("at most")));
    EXPECT_THAT(bench_text(unknown), Not(HasSubstr("prompt ")));
    EXPECT_FALSE(bench_document(unknown).contains("ceiling_tokens_per_second"));
    EXPECT_FALSE(bench_document(unknown).contains("prompt_tokens_per_second"));
}

TEST(BenchView, ProgramsGetEveryNumber) {
    const wire::Json document = bench_document(report());
    EXPECT_EQ(document["model"], "gemma");
    EXPECT_EQ(document["ceiling_tokens_per_second"], 50.0);
    EXPECT_EQ(document["memory"]["triad_bytes_per_second"], 9.5e9);
    EXPECT_EQ(document["first_token_ms"]["runs"], 9);
    EXPECT_EQ(document["prompt_tokens_per_second"]["median"], 901.0);
    EXPECT_EQ(document["decode"][1]["streams"], 4);
    EXPECT_EQ(document["decode"][1]["together_tokens_per_second"]["max"], 101.0);
}

}  // namespace
}  // namespace threadrunner::cli
