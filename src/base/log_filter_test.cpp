#include "base/log_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::log {
namespace {

using testing::HasSubstr;

Filter filter(std::string_view text) {
    const auto parsed = Filter::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(Filter(Level::off));
}

TEST(LogFilter, ALevelIsForAllTargets) {
    EXPECT_TRUE(filter("debug").passes(Level::debug, "daemon"));
    EXPECT_FALSE(filter("debug").passes(Level::trace, "daemon"));
    EXPECT_TRUE(filter("WARN").passes(Level::error, "job"));
    EXPECT_FALSE(filter("off").passes(Level::error, "job"));
}

TEST(LogFilter, TargetsHaveLevelsOfTheirOwn) {
    const Filter both = filter("warn, daemon=debug,threadrunner_engine=info");
    EXPECT_TRUE(both.passes(Level::debug, "daemon"));
    EXPECT_TRUE(both.passes(Level::info, "engine"));
    EXPECT_FALSE(both.passes(Level::debug, "engine"));
    EXPECT_FALSE(both.passes(Level::info, "job"));
    EXPECT_TRUE(filter("core=debug").passes(Level::debug, "anything"));
    EXPECT_TRUE(filter("threadrunner_core=debug").passes(Level::debug, "anything"));
}

TEST(LogFilter, NothingSaidIsInfo) {
    EXPECT_TRUE(filter("").passes(Level::info, "daemon"));
    EXPECT_FALSE(filter("engine=debug").passes(Level::debug, "daemon"));
}

TEST(LogFilter, WhatIsNoFilterIsNamed) {
    for (const char* text : {"loud", "daemon=loud", "info,=debug", "info,,", "daemon="}) {
        const auto parsed = Filter::parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_request);
        EXPECT_THAT(parsed.error().message, HasSubstr("is no log filter: write a level"));
    }
}

}  // namespace
}  // namespace threadrunner::log
