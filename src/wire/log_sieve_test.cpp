#include "wire/log_sieve.h"

#include <gtest/gtest.h>

namespace threadrunner::wire {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view log_text =
    "2026-01-31T12:00:00.000+01:00 I daemon: version 1 serves\n"
    "2026-01-31T12:00:01.000+01:00 I job: j1 ended op=generate end=stop\n"
    "2026-01-31T12:00:02.000+01:00 W daemon: worker of j12 is gone\n"
    "2026-01-31T12:00:03.000+01:00 I job: j12 ended op=generate end=error\n"
    "terminate called\n"
    R"({"time":"2026-01-31T12:00:04.000+01:00","level":"error","target":"job","job":"j1",)"
    R"("message":"ended"})"
    "\n";

std::string passed(LogQuery query) { return LogSieve(std::move(query)).pass(log_text); }

std::string line(int number) {
    std::string_view rest = log_text;
    for (; number > 0; --number) {
        rest.remove_prefix(rest.find('\n') + 1);
    }
    return std::string(rest.substr(0, rest.find('\n') + 1));
}

TEST(LogSieve, LetsEverythingThroughThatNobodyExcludes) { EXPECT_EQ(passed({}), log_text); }

TEST(LogSieve, AJobIsFoundInBothFormatsAndNotByPartsOfItsName) {
    EXPECT_EQ(passed({.job = "j1"}), line(1) + line(5));
    EXPECT_EQ(passed({.job = "j12"}), line(2) + line(3) + line(4));
    EXPECT_EQ(passed({.job = "j2"}), "");
}

TEST(LogSieve, ALevelMeansAtLeast) {
    EXPECT_EQ(passed({.level = log::Level::warn}), line(2) + line(5));
    EXPECT_EQ(passed({.level = log::Level::error}), line(5));
}

TEST(LogSieve, ATimeIsCountedInItsOwnZone) {
    const auto eleven = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 11h;
    EXPECT_EQ(passed({.since = eleven + 4s}), line(5));
    EXPECT_EQ(passed({.since = eleven + 3s}), line(3) + line(4) + line(5));
    EXPECT_EQ(passed({.since = eleven}), log_text);
}

TEST(LogSieve, LinesForPeopleBecomeDocuments) {
    EXPECT_EQ(LogSieve({.job = "j1", .json = true}).pass(line(1)),
              R"({"job":"j1","level":"info","message":"ended op=generate end=stop",)"
              R"("target":"job","time":"2026-01-31T12:00:01.000+01:00"})"
              "\n");
    EXPECT_EQ(LogSieve({.json = true}).pass(line(4) + line(5)),
              "{\"message\":\"terminate called\"}\n" + line(5));
}

TEST(LogSieve, PiecesMayEndAnywhere) {
    LogSieve sieve({.job = "j12"});
    std::string out;
    for (const char c : log_text) {
        out += sieve.pass({&c, 1});
    }
    EXPECT_EQ(out, line(2) + line(3) + line(4));
}

TEST(LogSieve, StrangeLinesHarmNothing) {
    LogSieve sieve({.job = "j1", .json = true});
    EXPECT_EQ(sieve.pass("\n{\n{}\n[]\n2026-01-31T12:00:00.000+01:00 \n"
                         "2026-99-99T12:00:00.000+01:00 I x: y\n\xff\n"),
              "");
}

TEST(LastLines, KeepsAsManyAsAreWanted) {
    LastLines last(2);
    last.add("a\nb\n");
    last.add("c\n");
    EXPECT_EQ(last.take(), "b\nc\n");
    LastLines all(std::nullopt);
    all.add("a\nb\nc");
    EXPECT_EQ(all.take(), "a\nb\nc");
}

}  // namespace
}  // namespace threadrunner::wire
