#include "daemon/overview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <future>

#include "base/scratch_directory.h"
#include "base/version.h"
#include "gguf/builder.h"
#include "worker/pool_fixture.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::Json;

/// What people see of a daemon whose workers the test plays.
class OverviewTest : public PoolFixture {
protected:
    OverviewTest() {
        EXPECT_TRUE(create_home(home_));
        configuration_.set_when_unread([](const std::function<void()>& then) { then(); });
    }

    Overview& overview() {
        if (!overview_) {
            overview_ = std::make_unique<Overview>(
                home_, home_.socket(), jobs_, pool(), configuration_, files_,
                Overview::Standard{.backend = "llama", .model = ""}, [this] { ++shutdowns_; },
                [this] { return configuration_.reload(); });
        }
        return *overview_;
    }

    Result<Json> ask(ModelsOp op) {
        auto answer =
            boost::asio::co_spawn(loop_, overview().models(std::move(op)), boost::asio::use_future);
        wait_until(
            [&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
        return answer.get();
    }
    Json models() { return ask(models_op::List()).value(); }

    ScratchDirectory directory_;
    Home home_{.root = directory_ / "home"};
    Configuration configuration_{home_, {}, {}, files_};
    int shutdowns_ = 0;
    std::unique_ptr<Overview> overview_;
};

TEST_F(OverviewTest, StatusCountsJobsWorkersAndMemory) {
    kind_.memory["m"] = 400;
    ScriptedWorker& worker = start("a", 1);
    submit("b");
    submit("c");
    worker.finish("a");
    jobs_.emit(*jobs_.find(clients_[1].id), Error{.code = ErrorCode::timeout, .message = "late"});
    const Json status = overview().status();
    EXPECT_EQ(status.at("version"), version);
    EXPECT_EQ(status.at("pid"), ::getpid());
    EXPECT_EQ(status.at("home"), home_.root.string());
    EXPECT_EQ(status.at("socket"), home_.socket().string());
    EXPECT_EQ(status.at("jobs"),
              (Json{{"running", 0}, {"waiting", 1}, {"finished", 1}, {"failed", 1}}));
    EXPECT_EQ(status.at("workers"), 1);
    EXPECT_EQ(status.at("memory").at("budget_bytes"), budget_bytes);
    EXPECT_EQ(status.at("memory").at("reserved_bytes"), 400);
    EXPECT_GT(status.at("memory").at("rss_bytes"), 0);
}

TEST_F(OverviewTest, PsShowsEachWorkerAndEachJob) {
    start("a", 2);
    JobSpec batch = asks("b", "other");
    batch.priority = Priority::batch;
    batch.owner = "ann";
    submit(std::move(batch));
    const Json ps = overview().ps();
    ASSERT_EQ(ps.at("workers").size(), 2U);
    const Json& busy = ps.at("workers").at(0);
    EXPECT_EQ(busy.at("target"), "scripted:m");
    EXPECT_EQ(busy.at("state"), "busy");
    EXPECT_EQ(busy.at("pid"), worker(0).pid);
    EXPECT_EQ(busy.at("slots"), 2);
    EXPECT_EQ(busy.at("busy"), 1);
    EXPECT_EQ(busy.at("waiting"), 0);
    EXPECT_TRUE(busy.at("loaded_ms").is_number());
    EXPECT_TRUE(busy.at("expires_ms").is_null()) << "it is busy";
    const Json& starting = ps.at("workers").at(1);
    EXPECT_EQ(starting.at("state"), "starting");
    EXPECT_EQ(starting.at("waiting"), 1);
    EXPECT_TRUE(starting.at("loaded_ms").is_null());
    ASSERT_EQ(ps.at("jobs").size(), 2U);
    Json waiting = ps.at("jobs").at(1);
    waiting.erase("age_ms");
    EXPECT_EQ(waiting, (Json{{"job", "j2"},
                             {"op", "generate"},
                             {"target", "scripted:other"},
                             {"state", "waiting"},
                             {"owner", "ann"},
                             {"priority", "batch"}}));
    EXPECT_EQ(ps.at("jobs").at(0).at("state"), "running");
}

TEST_F(OverviewTest, PsSaysWhoWaitsForMemoryAndHowMuchEachHas) {
    kind_.memory = {{"m", 600}, {"other", 600}};
    start("a", 1);
    submit("b", "other");
    const Json workers = overview().ps().at("workers");
    EXPECT_EQ(workers.at(0).at("reserved"), (Json{{"host", 600}}));
    EXPECT_EQ(workers.at(1).at("state"), "waits for memory");
    EXPECT_EQ(workers.at(1).at("waiting"), 1);
    EXPECT_EQ(
        overview().status().at("memory").at("devices"),
        (Json{{{"device", "host"}, {"budget_bytes", budget_bytes}, {"reserved_bytes", 600}}}));
}

TEST_F(OverviewTest, AnIdleWorkerShowsWhenItWillGo) {
    start("a", 1).finish("a");
    const Json worker = overview().ps().at("workers").at(0);
    EXPECT_EQ(worker.at("state"), "ready");
    EXPECT_GT(worker.at("expires_ms"), 0);
}

TEST_F(OverviewTest, ModelsAreListedWithTheDefaultAndWhatIsWrongWithThem) {
    directory_.write("home/models/small.gguf",
                     gguf::small_model().file(gguf::small_model_data_bytes));
    Json list = models();
    ASSERT_EQ(list.at("models").size(), 1U);
    EXPECT_EQ(list.at("models").at(0).at("name"), "small");
    EXPECT_EQ(list.at("models").at(0).at("default"), true);
    EXPECT_EQ(list.at("models").at(0).at("context"), 4096);
    EXPECT_THAT(list.at("default").get<std::string>(), HasSubstr("small.gguf"));

    directory_.write("home/models/torn.gguf", "GG");
    list = models();
    ASSERT_EQ(list.at("models").size(), 2U);
    EXPECT_EQ(list.at("models").at(0).at("default"), false) << "one has to be chosen";
    EXPECT_TRUE(list.at("models").at(1).at("error").is_string());
    EXPECT_FALSE(list.contains("default"));
}

TEST_F(OverviewTest, ModelsAreNamedShownAndAdjusted) {
    const auto file =
        directory_.write("far.gguf", gguf::small_model().file(gguf::small_model_data_bytes));
    EXPECT_EQ(ask(models_op::Add{.path = file, .name = ""})->at("name"), "far");
    EXPECT_TRUE(ask(models_op::Alias{.model = "far", .alias = "f"}));
    EXPECT_TRUE(ask(models_op::Adjust{
        .model = "f", .values = {{"context", {"512"}}, {"stop", {"#", "x"}}, {"top_p", {"0.5"}}}}));
    const Json names = ask(models_op::List{.names_only = true}).value();
    EXPECT_EQ(names, (Json{{"models", {{{"name", "far"}, {"aliases", {"f"}}}}}}));
    const Json shown = ask(models_op::Show{.model = "f"}).value();
    EXPECT_EQ(shown.at("name"), "far");
    EXPECT_EQ(shown.at("in_place"), true);
    EXPECT_EQ(shown.at("default"), true);
    EXPECT_EQ(shown.at("template"), "{{ messages }}");
    EXPECT_EQ(shown.at("capabilities"), (Json{"chat", "complete"}));
    EXPECT_EQ(shown.at("defaults"), (Json{{"context", 512}, {"stop", {"#", "x"}}, {"top_p", 0.5}}));
    const auto memory = [&] {
        return ask(models_op::List())->at("models").at(0).at("memory_bytes").get<std::uint64_t>();
    };
    const std::uint64_t small = memory();
    EXPECT_TRUE(ask(models_op::Adjust{.model = "far", .values = {{"context", {"4096"}}}}));
    EXPECT_GT(memory(), small) << "the estimate is that of the defaults";
    EXPECT_EQ(ask(models_op::Show{.model = "g"}).error().code, ErrorCode::unknown_model);
    EXPECT_EQ(ask(models_op::Show{.model = file.string()})->at("name"), "far");
}

TEST_F(OverviewTest, TheDefaultModelIsChosenAtOnceAndForGood) {
    for (const char* name : {"home/models/a.gguf", "home/models/b.gguf"}) {
        directory_.write(name, gguf::small_model().file(gguf::small_model_data_bytes));
    }
    ASSERT_TRUE(ask(models_op::Choose{.model = "b"}));
    EXPECT_EQ(configuration_.in_effect().model, "b");
    EXPECT_EQ(models().at("models").at(1).at("default"), true);
    EXPECT_EQ(ask(models_op::Choose{.model = "c"}).error().code, ErrorCode::unknown_model);
    EXPECT_EQ(configuration_.in_effect().model, "b");
}

TEST_F(OverviewTest, AModelIsRemovedOnlyWhenNoWorkerHasIt) {
    const auto file = std::filesystem::canonical(directory_.write(
        "home/models/m.gguf", gguf::small_model().file(gguf::small_model_data_bytes)));
    start("a", 1, file.string());
    EXPECT_EQ(ask(models_op::Remove{.model = "m"}).error().code, ErrorCode::conflict);
    EXPECT_TRUE(std::filesystem::exists(file));
    directory_.write("home/models/n.gguf", "torn");
    const Json planned = ask(models_op::Remove{.model = "n", .dry_run = true}).value();
    EXPECT_EQ(planned.at("bytes"), 4);
    EXPECT_TRUE(std::filesystem::exists(home_.models() / "n.gguf"));
    EXPECT_EQ(ask(models_op::Remove{.model = "n"}).value(), planned);
    EXPECT_FALSE(std::filesystem::exists(home_.models() / "n.gguf"));
}

TEST_F(OverviewTest, ABrokenRegistryIsAnErrorWithItsLine) {
    directory_.write("home/models.toml", "[m]\ncontext = 1\n");
    for (const ModelsOp& op : {ModelsOp(models_op::List()), ModelsOp(models_op::Show()),
                               ModelsOp(models_op::Remove{.model = "m"})}) {
        EXPECT_THAT(ask(op).error().message, HasSubstr("models.toml:2: context must be"));
    }
}

TEST_F(OverviewTest, UnloadingNamesWhatItStopped) {
    start("a", 1).finish("a");
    EXPECT_EQ(overview().unload(asks("", "other")).error().code, ErrorCode::not_found);
    EXPECT_EQ(overview().unload(asks("")).value(), (Json{{"unloaded", {"scripted:m"}}}));
    EXPECT_EQ(overview().unload(std::nullopt).value(), (Json{{"unloaded", Json::array()}}));
}

TEST_F(OverviewTest, ShutdownIsPassedOn) {
    overview().shutdown();
    EXPECT_EQ(shutdowns_, 1);
}

}  // namespace
}  // namespace threadrunner
