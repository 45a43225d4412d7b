#include "base/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

namespace threadrunner {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

std::string fault_of(std::string_view key, std::string_view text) {
    Settings settings;
    const auto set = set_setting(settings, key, text);
    if (set) {
        return "no fault";
    }
    EXPECT_EQ(set.error().code, ErrorCode::invalid_request);
    return set.error().message;
}

TEST(Settings, AreReadByTheirKeys) {
    Settings settings;
    EXPECT_TRUE(set_setting(settings, "model", "gemma"));
    EXPECT_TRUE(set_setting(settings, "worker.idle", "-1"));
    EXPECT_TRUE(set_setting(settings, "socket.stall", "250ms"));
    EXPECT_TRUE(set_setting(settings, "engine.slots", "2"));
    EXPECT_EQ(settings.model, "gemma");
    EXPECT_EQ(settings.worker_idle, std::chrono::milliseconds::max());
    EXPECT_EQ(settings.socket_stall, 250ms);
    EXPECT_EQ(settings.engine_slots, 2U);
}

TEST(Settings, AValueThatCannotBeMeantIsRefusedByName) {
    EXPECT_THAT(fault_of("engine.slots", "0"), HasSubstr("engine.slots must be an integer from 1"));
    EXPECT_THAT(fault_of("engine.slots", "two"), HasSubstr("not 'two'"));
    EXPECT_THAT(fault_of("engine.slots", "2 "), HasSubstr("engine.slots"));
    EXPECT_THAT(fault_of("engine.slots", "99999999999999999999"), HasSubstr("engine.slots"));
    EXPECT_THAT(fault_of("worker.hello", "soon"), HasSubstr("worker.hello is no duration"));
    EXPECT_THAT(fault_of("worker.hello", "-1"), HasSubstr("worker.hello must be from 0ms to 24h"));
}

TEST(Settings, WhatIsShownOfOneCanBeWrittenIntoTheFile) {
    Settings settings;
    settings.model = "gemma";
    settings.worker_idle = std::chrono::milliseconds::max();
    settings.worker_stall = 90s;
    settings.socket_stall = 1500ms;
    Settings copy;
    for (const SettingRow& row : settings_table()) {
        EXPECT_TRUE(row.set(copy, row.text(settings))) << row.key;
        EXPECT_EQ(row.text(copy), row.text(settings)) << row.key;
    }
    EXPECT_EQ(copy.worker_idle, std::chrono::milliseconds::max());
    EXPECT_EQ(copy.worker_stall, 90s);
    EXPECT_EQ(copy.socket_stall, 1500ms);
}

TEST(Settings, ASlipOfTheKeyboardGetsASuggestion) {
    EXPECT_THAT(fault_of("engine.slot", "1"), HasSubstr("did you mean 'engine.slots'?"));
    EXPECT_EQ(fault_of("completely.different", "1"), "unknown setting 'completely.different'");
}

TEST(Settings, EachHasOneKeyOneVariableAndAMeaning) {
    std::set<std::string> names;
    for (const SettingRow& row : settings_table()) {
        EXPECT_TRUE(names.insert(std::string(row.key)).second) << row.key;
        EXPECT_TRUE(names.insert(row.environment_name()).second) << row.environment_name();
        EXPECT_THAT(row.environment_name(), StartsWith("THREADRUNNER_"));
        EXPECT_FALSE(row.meaning.empty()) << row.key;
        EXPECT_FALSE(row.values.empty()) << row.key;
    }
}

TEST(Settings, TheEnvironmentOverridesAndItsFaultsNameTheVariable) {
    ::setenv("THREADRUNNER_ENGINE_SLOTS", "3", 1);
    SettingsReading reading;
    EXPECT_TRUE(apply_environment(reading));
    EXPECT_EQ(reading.values.engine_slots, 3U);
    EXPECT_EQ(reading.origin_of("engine.slots"),
              (Origin{Origin::Source::environment, "THREADRUNNER_ENGINE_SLOTS"}));
    EXPECT_EQ(reading.origin_of("engine.context"), Origin{});

    ::setenv("THREADRUNNER_ENGINE_SLOTS", "many", 1);
    const auto applied = apply_environment(reading);
    ::unsetenv("THREADRUNNER_ENGINE_SLOTS");
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message,
                AllOf(StartsWith("THREADRUNNER_ENGINE_SLOTS: "), HasSubstr("'many'")));
}

TEST(Settings, ASecretIsReadAndNeverShown) {
    Settings settings;
    EXPECT_TRUE(set_setting(settings, "upstream.key", "sk-1234"));
    EXPECT_EQ(settings.upstream_key, "sk-1234");
    EXPECT_EQ((*setting_row("upstream.key"))->shown(settings), "(secret)");
    EXPECT_EQ((*setting_row("upstream.key"))->shown(Settings()), "");
}

TEST(Settings, TheLogsFilterComesByOurVariableElseByEverybodys) {
    ::setenv("RUST_LOG", "debug", 1);
    SettingsReading reading;
    EXPECT_TRUE(apply_environment(reading));
    EXPECT_EQ(reading.values.log_filter, "debug");
    EXPECT_EQ(reading.origin_of("log.filter").place, "RUST_LOG");
    ::setenv("THREADRUNNER_LOG", "error", 1);
    EXPECT_TRUE(apply_environment(reading));
    EXPECT_EQ(reading.values.log_filter, "error");
    ::setenv("THREADRUNNER_LOG", "loud", 1);
    EXPECT_FALSE(apply_environment(reading));
    ::unsetenv("RUST_LOG");
    ::unsetenv("THREADRUNNER_LOG");
}

TEST(Settings, TheCommandLineOverridesAndItsFaultsNameTheFlag) {
    SettingsReading reading;
    const std::vector<std::string> good = {"worker.idle=2h", "model="};
    EXPECT_TRUE(apply_flags(reading, good));
    EXPECT_EQ(reading.values.worker_idle, 2h);
    EXPECT_EQ(reading.origin_of("worker.idle").source, Origin::Source::flag);
    for (const char* bad : {"worker.idle", "worker.idel=2h", "worker.idle=soon"}) {
        const std::vector<std::string> flags = {bad};
        const auto applied = apply_flags(reading, flags);
        ASSERT_FALSE(applied) << bad;
        EXPECT_THAT(applied.error().message, StartsWith("--set " + std::string(bad) + ": "));
    }
}

TEST(Settings, ChoicesAndFlagsSayWhatThereIs) {
    EXPECT_THAT(fault_of("log.format", "xml"), HasSubstr("must be one of plain, json, not 'xml'"));
    EXPECT_THAT(fault_of("log.prompts", "yes"), HasSubstr("must be true or false, not 'yes'"));
    EXPECT_THAT(fault_of("log.filter", "loud"), HasSubstr("log.filter: 'loud' is no log filter"));
}

TEST(Nearest, SuggestsSlipsAndNothingElse) {
    constexpr std::array<std::string_view, 3> names = {"status", "stop", "serve"};
    EXPECT_EQ(nearest("statsu", names), "status");
    EXPECT_EQ(nearest("stpo", names), "stop");
    EXPECT_EQ(nearest("elephant", names), std::nullopt);
    EXPECT_EQ(nearest("x", {}), std::nullopt);
}

TEST(Settings, APingWithoutAPauseIsRefused) {
    Settings settings;
    EXPECT_FALSE(set_setting(settings, "worker.ping", "0"));
    EXPECT_TRUE(set_setting(settings, "worker.ping", "1ms"));
    EXPECT_TRUE(set_setting(settings, "worker.idle", "0")) << "unload at once is a wish";
}

}  // namespace
}  // namespace threadrunner
