#include "base/log_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <ctime>

namespace threadrunner::log {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::StartsWith;

/// In a time zone that all machines have.
class LogLineTest : public testing::Test {
protected:
    LogLineTest() {
        ::setenv("TZ", "TST-01:30", 1);
        ::tzset();
    }
    ~LogLineTest() override {
        ::unsetenv("TZ");
        ::tzset();
    }

    const Time time_ = Time(1'700'000'000s + 7ms);
    const std::array<Field, 3> fields_ = {
        {{"op", "generate"}, {"ran_ms", 12}, {"message", "a \"b\""}}};
};

TEST_F(LogLineTest, APlainLineHasTimeLevelTargetJobAndFacts) {
    EXPECT_EQ(plain_line({.level = Level::warn,
                          .target = "job",
                          .job = "j17",
                          .message = "ended",
                          .fields = fields_},
                         time_),
              "2023-11-14T23:43:20.007+01:30 W job: j17 ended op=generate ran_ms=12 "
              "message=\"a \\\"b\\\"\"");
}

TEST_F(LogLineTest, AJsonLineIsADocumentOfTheSame) {
    EXPECT_EQ(
        json_line({.level = Level::info,
                   .target = "job",
                   .job = "j17",
                   .message = "en\nded\x1b \xFF",
                   .fields = fields_},
                  time_),
        R"({"time":"2023-11-14T23:43:20.007+01:30","level":"info","target":"job","job":"j17",)"
        R"("message":"en\nded\u001b )"
        "\uFFFD"
        R"(","op":"generate","ran_ms":12,"message":"a \"b\""})");
}

TEST_F(LogLineTest, WhatOthersSayCannotForgeALine) {
    const Line line{.target = "engine", .message = "x\n2026 I daemon: forged\x1b[2J\x7f\t."};
    EXPECT_THAT(plain_line(line, time_),
                EndsWith(" I engine: x\\n2026 I daemon: forged\\x1b[2J\\x7f\t."));
    EXPECT_EQ(journal_line(line), "<6>engine: x\\n2026 I daemon: forged\\x1b[2J\\x7f\t.");
}

TEST_F(LogLineTest, TheJournalLearnsHowBadItIs) {
    EXPECT_THAT(journal_line({.level = Level::error, .target = "daemon"}), StartsWith("<3>"));
    EXPECT_THAT(journal_line({.level = Level::debug, .target = "daemon"}), StartsWith("<7>"));
}

}  // namespace
}  // namespace threadrunner::log
