#include "base/settings_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/scratch_directory.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

/// What a config.toml with this text makes of the defaults, or why it is refused.
class SettingsFileTest : public testing::Test {
protected:
    [[nodiscard]] SettingsReading reading_of(std::string_view text) const {
        SettingsReading reading;
        const auto applied = apply_settings_file(reading, directory_.write("config.toml", text));
        EXPECT_TRUE(applied) << applied.error().message;
        return reading;
    }
    [[nodiscard]] Settings settings_of(std::string_view text) const {
        return reading_of(text).values;
    }
    [[nodiscard]] std::string fault_of(std::string_view text) const {
        SettingsReading reading;
        const auto applied = apply_settings_file(reading, directory_.write("config.toml", text));
        if (applied) {
            return "no fault";
        }
        EXPECT_EQ(applied.error().code, ErrorCode::invalid_request);
        return applied.error().message;
    }

    ScratchDirectory directory_;
};

TEST_F(SettingsFileTest, NobodyNeedsOne) {
    SettingsReading reading;
    EXPECT_TRUE(apply_settings_file(reading, directory_ / "none.toml"));
    EXPECT_EQ(reading.values.worker_idle, Settings().worker_idle);
    EXPECT_EQ(settings_of("").engine_slots, Settings().engine_slots);
}

TEST_F(SettingsFileTest, SettingsMayStandInSectionsOrWithDots) {
    const Settings settings = settings_of(R"(
        model = "gemma"
        worker.idle = "10m"   # as people write it
        queue.jobs = 7

        [engine]
        slots = 2
        context = 8192

        [socket]
        stall = 1.5
    )");
    EXPECT_EQ(settings.model, "gemma");
    EXPECT_EQ(settings.worker_idle, 10min);
    EXPECT_EQ(settings.queue_jobs, 7U);
    EXPECT_EQ(settings.engine_slots, 2U);
    EXPECT_EQ(settings.engine_context, 8192U);
    EXPECT_EQ(settings.socket_stall, 1500ms);
}

TEST_F(SettingsFileTest, EachValueRemembersItsLine) {
    const SettingsReading reading = reading_of("\n[engine]\nslots = 2\n");
    EXPECT_EQ(reading.origin_of("engine.slots"),
              (Origin{Origin::Source::file, (directory_ / "config.toml").string() + ":3"}));
    EXPECT_EQ(reading.origin_of("engine.context"), Origin{});
}

TEST_F(SettingsFileTest, AnEndlessFileIsRefused) {
    SettingsReading reading;
    const auto applied = apply_settings_file(reading, "/dev/zero");
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, ErrorCode::too_large);
}

TEST_F(SettingsFileTest, ANumberIsSecondsAndMinusOneForEver) {
    EXPECT_EQ(settings_of("worker.idle = 300").worker_idle, 300s);
    EXPECT_EQ(settings_of("worker.idle = -1").worker_idle, std::chrono::milliseconds::max());
}

TEST_F(SettingsFileTest, AnUnknownKeyIsNamedWithItsLineAndTheNearest) {
    const std::string fault = fault_of("model = \"a\"\n\n[engine]\nslot = 2\n");
    EXPECT_THAT(fault, HasSubstr("config.toml:4: "));
    EXPECT_THAT(fault, HasSubstr("'engine.slot'; did you mean 'engine.slots'?"));
}

TEST_F(SettingsFileTest, AValueOfTheWrongTypeIsNamedWithItsLine) {
    EXPECT_THAT(fault_of("\nengine.slots = \"two\""),
                HasSubstr("config.toml:2: engine.slots must be an integer"));
    EXPECT_THAT(fault_of("engine.slots = 2.5"), HasSubstr("engine.slots must be an integer"));
    EXPECT_THAT(fault_of("worker.idle = true"), HasSubstr("worker.idle is no duration"));
    EXPECT_THAT(fault_of("model = [\"a\"]"), HasSubstr(":1: model takes a text or a number"));
    EXPECT_THAT(fault_of("model = 1979-05-27"), HasSubstr("model takes a text or a number"));
    EXPECT_THAT(fault_of("[model]\nname = \"a\""), HasSubstr("'model.name'"));
}

TEST_F(SettingsFileTest, BrokenTomlIsNamedWithItsLine) {
    EXPECT_THAT(fault_of("model = \"a\"\nworker.idle = \n"), HasSubstr("config.toml:2: "));
    EXPECT_THAT(fault_of("model = \"a\"\nmodel = \"b\"\n"), HasSubstr("config.toml:2: "));
    EXPECT_THAT(fault_of("model = \"\xFF\""), HasSubstr("config.toml:1: "));
}

TEST_F(SettingsFileTest, AFolderOfThatNameIsNotTakenForNoSettings) {
    std::filesystem::create_directory(directory_ / "config.toml");
    SettingsReading reading;
    const auto applied = apply_settings_file(reading, directory_ / "config.toml");
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message, HasSubstr("config.toml is a directory"));
}

}  // namespace
}  // namespace threadrunner
