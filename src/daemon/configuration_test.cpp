#include "daemon/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "base/scratch_directory.h"
#include "base/settings_file.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::Json;

/// A daemon's settings, whose file a test rewrites.
class ConfigurationTest : public testing::Test {
protected:
    ConfigurationTest() {
        configuration_.set_when_unread([this](std::function<void()> then) {
            busy_ ? void(waiting_ = std::move(then)) : then();
        });
    }
    ~ConfigurationTest() override { files_.join(); }

    void write(std::string_view text) const { directory_.write("config.toml", text); }

    template <class Answer>
    Answer wait_for(boost::asio::awaitable<Answer> asked) {
        auto answer = boost::asio::co_spawn(loop_, std::move(asked), boost::asio::use_future);
        loop_.restart();
        loop_.run();
        return answer.get();
    }
    Json reload() {
        const auto report = wait_for(configuration_.reload());
        EXPECT_TRUE(report) << report.error().message;
        return report.value_or(Json());
    }
    Json described(std::string_view key) {
        const Json document = wait_for(configuration_.describe());
        for (const Json& setting : document.at("settings")) {
            if (setting.at("key") == key) {
                return setting;
            }
        }
        return {};
    }

    ScratchDirectory directory_;
    Home home_{.root = directory_ / ""};
    std::vector<std::string> flags_ = {"queue.jobs=5"};
    boost::asio::io_context loop_;
    boost::asio::thread_pool files_{1};
    Configuration configuration_{home_, flags_, read_settings(home_, flags_).value(), files_};
    const Settings& settings_ = configuration_.in_effect();
    bool busy_ = false;
    std::function<void()> waiting_;
};

TEST_F(ConfigurationTest, AReloadChangesWhatEverybodyRefersToAndSaysWhen) {
    write("worker.idle = '2h'\nengine.slots = 2\nmemory.mib = 7000\nmodel = 'm'\n");
    EXPECT_EQ(
        reload().at("changes"),
        (Json{{{"key", "model"}, {"from", ""}, {"to", "m"}, {"applies", "now"}},
              {{"key", "worker.idle"}, {"from", "5m"}, {"to", "2h"}, {"applies", "now"}},
              {{"key", "memory.mib"}, {"from", "0"}, {"to", "7000"}, {"applies", "restart"}},
              {{"key", "engine.slots"}, {"from", "4"}, {"to", "2"}, {"applies", "next_load"}}}));
    EXPECT_EQ(settings_.worker_idle, std::chrono::hours(2));
    EXPECT_EQ(settings_.engine_slots, 2U);
    EXPECT_EQ(settings_.memory_mib, 0U) << "it waits for the restart";
    EXPECT_EQ(reload().at("changes").size(), 1U) << "and is told each time";
}

TEST_F(ConfigurationTest, ABrokenFileChangesNothing) {
    write("worker.idle = '2h'\n[engine]\nslots = 0\n");
    const auto report = wait_for(configuration_.reload());
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr("config.toml:3: engine.slots must be"));
    EXPECT_EQ(settings_.worker_idle, Settings().worker_idle);
    EXPECT_THAT(wait_for(configuration_.describe()).at("fault"), HasSubstr("config.toml:3: "));
}

TEST_F(ConfigurationTest, TheDescriptionTellsWhereFromAndWhatWouldBe) {
    EXPECT_EQ(described("queue.jobs").at("value"), "5");
    EXPECT_EQ(described("queue.jobs").at("source"), "flag");
    EXPECT_EQ(described("worker.idle").at("source"), "default");
    EXPECT_FALSE(described("worker.idle").contains("later"));
    write("queue.jobs = 9\nworker.idle = '2h'\nmemory.mib = 1\n");
    EXPECT_FALSE(described("queue.jobs").contains("later")) << "the flag goes before the file";
    EXPECT_EQ(described("worker.idle").at("value"), "5m");
    EXPECT_EQ(described("worker.idle").at("later"), "2h");
    EXPECT_EQ(described("worker.idle").at("after"), "reload");
    EXPECT_EQ(described("memory.mib").at("after"), "restart");
    reload();
    EXPECT_EQ(described("worker.idle").at("source"), "file");
    EXPECT_EQ(described("worker.idle").at("place"), (home_.config_file().string() + ":2"));
    EXPECT_EQ(described("memory.mib").at("source"), "default");
    EXPECT_EQ(described("memory.mib").at("later"), "1");
}

TEST_F(ConfigurationTest, AReloadWaitsWhileAnotherThreadReads) {
    write("engine.slots = 2\n");
    busy_ = true;
    auto report = boost::asio::co_spawn(loop_, configuration_.reload(), boost::asio::use_future);
    while (!waiting_) {
        loop_.run_one();
    }
    EXPECT_EQ(settings_.engine_slots, 4U);
    waiting_();
    loop_.run();
    EXPECT_TRUE(report.get());
    EXPECT_EQ(settings_.engine_slots, 2U);
}

TEST_F(ConfigurationTest, TheLogIsWhatTheSettingsSay) {
    Settings settings;
    settings.log_filter = "job=debug";
    settings.log_format = "json";
    settings.log_keep_days = 3;
    const log::Options options = log_options(settings);
    EXPECT_TRUE(options.file.passes(log::Level::debug, "job"));
    EXPECT_FALSE(options.console.passes(log::Level::info, "job"));
    EXPECT_TRUE(options.json);
    EXPECT_EQ(options.keep_days, 3U);
}

}  // namespace
}  // namespace threadrunner
