#include "base/settings_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/scratch_directory.h"
#include "base/settings_file.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;

const SettingRow& row(std::string_view key) { return **setting_row(key); }

std::string set(std::string_view text, std::string_view key, std::string_view value) {
    const auto edited = with_setting(text, row(key), value);
    EXPECT_TRUE(edited) << edited.error().message;
    return edited.value_or("");
}

std::string unset(std::string_view text, std::string_view key) {
    const auto edited = without_setting(text, row(key));
    EXPECT_TRUE(edited) << edited.error().message;
    return edited.value_or("");
}

TEST(SettingsEdit, AValueIsReplacedWhereItStandsAndNothingElse) {
    constexpr std::string_view text = R"(# mine: größer ist besser
model = "gemma é"   # the small one
[worker]   # when they go
idle = "2h"# long
  stall =  90   # short

[engine]
slots = 3
)";
    EXPECT_EQ(set(text, "model", "a \"b\" \\ c"),
              R"(# mine: größer ist besser
model = "a \"b\" \\ c"   # the small one
[worker]   # when they go
idle = "2h"# long
  stall =  90   # short

[engine]
slots = 3
)");
    EXPECT_THAT(set(text, "worker.idle", "-1"), HasSubstr("\nidle = \"-1\"# long\n"));
    EXPECT_THAT(set(text, "worker.stall", "1.5"), HasSubstr("\n  stall =  \"1.5\"   # short\n"));
    EXPECT_THAT(set(text, "engine.slots", "12"), HasSubstr("\nslots = 12\n"));
}

TEST(SettingsEdit, ANewValueGoesBehindTheLastOfItsTable) {
    EXPECT_EQ(set("[worker]\nidle = 1 # one\n\n# about engines\n[engine]\nslots = 2\n",
                  "worker.stall", "2m"),
              "[worker]\nidle = 1 # one\nstall = \"2m\"\n\n# about engines\n[engine]\nslots = 2\n");
    EXPECT_EQ(set("[worker]\n# nothing yet\n", "worker.idle", "5m"),
              "[worker]\nidle = \"5m\"\n# nothing yet\n");
    EXPECT_EQ(set("worker.idle = 1\n\n[engine]\n", "worker.stall", "2m"),
              "worker.idle = 1\nworker.stall = \"2m\"\n\n[engine]\n");
    EXPECT_EQ(set("worker = { idle = 1 }\n", "worker.stall", "2m"),
              "worker = { idle = 1, stall = \"2m\" }\n");
    EXPECT_EQ(set("worker = {}\n", "worker.stall", "2m"), "worker = { stall = \"2m\" }\n");
}

TEST(SettingsEdit, ATableThatIsNotThereComesLast) {
    EXPECT_EQ(set("", "worker.idle", "5m"), "[worker]\nidle = \"5m\"\n");
    EXPECT_EQ(set("model = 'm' # no break", "log.prompts", "true"),
              "model = 'm' # no break\n\n[log]\nprompts = true\n");
    EXPECT_EQ(set("model = 'm'\r\n", "engine.slots", "2"),
              "model = 'm'\r\n\r\n[engine]\r\nslots = 2\r\n");
}

TEST(SettingsEdit, AValueWithoutATableComesBeforeTheTables) {
    EXPECT_EQ(set("[engine]\nslots = 2\n", "model", "m"), "model = \"m\"\n[engine]\nslots = 2\n");
    EXPECT_EQ(set("# ours\n\n[engine]\n", "model", "m"), "# ours\nmodel = \"m\"\n\n[engine]\n");
    EXPECT_EQ(set("# of engines\n[engine]\n", "model", "m"),
              "model = \"m\"\n# of engines\n[engine]\n");
    EXPECT_EQ(set("engine.slots = 2\n", "model", "m"), "model = \"m\"\nengine.slots = 2\n");
}

TEST(SettingsEdit, EverySettingCanBeWrittenAndReadBack) {
    std::string text = "# all of them\n";
    const Settings standard;
    for (const SettingRow& each : settings_table()) {
        const std::string value = each.text(standard);
        text = set(text, each.key, value);
        SettingsReading reading;
        const auto read = apply_settings_text(reading, text, "config.toml");
        ASSERT_TRUE(read) << read.error().message << "\n" << text;
        EXPECT_EQ(each.text(reading.values), value);
        EXPECT_EQ(reading.origin_of(each.key).source, Origin::Source::file) << each.key;
    }
    for (const SettingRow& each : settings_table()) {
        text = unset(text, each.key);
    }
    SettingsReading reading;
    EXPECT_TRUE(apply_settings_text(reading, text, "config.toml"));
    EXPECT_TRUE(reading.origins.empty());
}

TEST(SettingsEdit, UnsetTakesTheLineAndNothingElse) {
    EXPECT_EQ(unset("[worker]\nidle = 1 # one\nstall = 2\n# end\n", "worker.idle"),
              "[worker]\nstall = 2\n# end\n");
    EXPECT_EQ(unset("model = 'm'", "model"), "");
    EXPECT_EQ(unset("model = 'm'\n", "worker.idle"), "model = 'm'\n");
    const auto shared = without_setting("\nworker = { idle = 1 }\n", row("worker.idle"));
    ASSERT_FALSE(shared);
    EXPECT_THAT(shared.error().message, HasSubstr("line 2 sets several values at once"));
}

TEST(SettingsEdit, AValueThatCannotBeMeantIsRefused) {
    EXPECT_FALSE(with_setting("", row("worker.idle"), "soon"));
    EXPECT_FALSE(with_setting("[worker", row("worker.idle"), "1m"));
}

class SettingsFileEditTest : public testing::Test {
protected:
    [[nodiscard]] std::string content(const std::filesystem::path& file) const {
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        return text.str();
    }
    [[nodiscard]] static TomlEdit slots(std::string value) {
        return [value = std::move(value)](std::string_view text) {
            return with_setting(text, row("engine.slots"), value);
        };
    }

    ScratchDirectory directory_;
};

TEST_F(SettingsFileEditTest, ANewFileIsItsOwnersAlone) {
    const auto file = directory_ / "config.toml";
    ASSERT_TRUE(edit_settings_file(file, slots("2")));
    EXPECT_EQ(content(file), "[engine]\nslots = 2\n");
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SettingsFileEditTest, ALinkStaysALinkAndTheModeStaysToo) {
    std::filesystem::create_directory(directory_ / "dotfiles");
    const auto real = directory_ / "dotfiles/my config.toml";
    std::ofstream(real) << "# kept\n";
    ::chmod(real.c_str(), 0640);
    const auto link = directory_ / "config.toml";
    std::filesystem::create_symlink("dotfiles/my config.toml", link);
    ASSERT_TRUE(edit_settings_file(link, slots("2")));
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_EQ(content(real), "# kept\n\n[engine]\nslots = 2\n");
    struct stat status{};
    ASSERT_EQ(::stat(real.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST_F(SettingsFileEditTest, ABrokenFileIsLeftAsItIs) {
    const auto file = directory_.write("config.toml", "model = 'm'\n[engin]\nslots = 1\n");
    const auto edited = edit_settings_file(file, slots("2"));
    ASSERT_FALSE(edited);
    EXPECT_THAT(edited.error().message, HasSubstr("config.toml:3: unknown setting 'engin.slots'"));
    EXPECT_EQ(content(file), "model = 'm'\n[engin]\nslots = 1\n");
}

TEST_F(SettingsFileEditTest, NothingElseIsLeftInTheDirectory) {
    const auto file = directory_.write("config.toml", "model = 'm'\n");
    ASSERT_TRUE(edit_settings_file(file, slots("2")));
    ASSERT_FALSE(edit_settings_file(file, slots("0")));
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(directory_ / "")) {
        ++files;
    }
    EXPECT_EQ(files, 1U);
}

}  // namespace
}  // namespace threadrunner
