#include "kinds/upstream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "base/limits.h"
#include "base/scratch_directory.h"
#include "gguf/builder.h"
#include "kinds/installed_program.h"

namespace threadrunner {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class UpstreamKindTest : public testing::Test {
protected:
    UpstreamKindTest() {
        std::filesystem::create_directory(home_ / "models");
        home_.write("models/small.gguf", gguf::small_model().file(gguf::small_model_data_bytes));
    }

    UpstreamKind kind() {
        return {loop_.get_executor(), settings_, model::Registry(Home{home_ / ""})};
    }
    Target target(Work work = work::Generate{}, const std::string& model = "") {
        JobSpec spec;
        spec.model = model;
        spec.work = std::move(work);
        auto target = kind().resolve(spec);
        EXPECT_TRUE(target) << target.error().message;
        return target.value_or(Target{});
    }
    LaunchPlan plan(const Target& target) {
        const InstalledProgram program("llama-server");
        auto plan = kind().plan(target);
        EXPECT_TRUE(plan) << plan.error().message;
        return plan.value_or(LaunchPlan{});
    }
    /// The request of a job, as it is sent.
    wire::Json request(Work work, const std::string& model = "") {
        Job job;
        job.target = target(work, model);
        job.spec.model = model;
        job.spec.work = std::move(work);
        return kind().exchange(job)->request();
    }

    ScratchDirectory home_;
    Settings settings_;
    boost::asio::io_context loop_;
};

TEST_F(UpstreamKindTest, ASpawnedServerIsFoundWhereItListensAndWithItsKey) {
    const LaunchPlan spawned = plan(target());
    const auto& arguments = spawned.command.arguments;
    const auto port = std::find(arguments.begin(), arguments.end(), "--port") + 1;
    EXPECT_EQ(spawned.load->at("url"), "http://127.0.0.1:" + *port);
    const std::string key = spawned.load->at("key");
    EXPECT_THAT(spawned.command.environment, Contains("LLAMA_API_KEY=" + key));
    EXPECT_NE(plan(target()).load->at("key"), key);
}

TEST_F(UpstreamKindTest, ItsMemoryIsReservedAndTheRefusalSaysWhatItIsMadeOf) {
    settings_.engine_cache_mib = 64;
    const LaunchPlan spawned = plan(target());
    EXPECT_GT(total_bytes(spawned.memory), 64 * limits::mib);
    EXPECT_THAT(spawned.memory_detail, HasSubstr("weights "));
}

TEST_F(UpstreamKindTest, VectorsComeFromAServerOfTheirOwn) {
    const Target embeds = target(work::Embed{.inputs = {"a"}});
    EXPECT_NE(embeds, target());
    EXPECT_THAT(plan(embeds).command.environment, Contains("LLAMA_ARG_EMBEDDINGS=1"));
    EXPECT_THAT(plan(embeds).command.environment, Contains("LLAMA_ARG_POOLING=mean"))
        << "the model does not say how";
    EXPECT_THAT(plan(target()).command.environment, Not(Contains("LLAMA_ARG_EMBEDDINGS=1")));
}

TEST_F(UpstreamKindTest, ARunningServerIsOneWorkerWhateverItsModels) {
    settings_.upstream_url = "http://127.0.0.1:8080/v1";
    settings_.upstream_key = "sk";
    EXPECT_EQ(target({}, "a"), target({}, "b"));
    EXPECT_EQ(target().label(), "upstream:127.0.0.1:8080");
    const LaunchPlan adopted = plan(target());
    EXPECT_TRUE(adopted.command.program.empty());
    EXPECT_EQ(total_bytes(adopted.memory), 0U);
    EXPECT_EQ(adopted.load->at("key"), "sk");
    EXPECT_EQ(request(work::Generate{.prompt = "hi"}, "b").at("body").at("model"), "b");
}

TEST_F(UpstreamKindTest, AFileIsNoModelNameForTheServerThatServesIt) {
    const wire::Json asked = request(work::Generate{.prompt = "hi"}, "small");
    EXPECT_FALSE(asked.at("body").contains("model"));
    EXPECT_EQ(asked.at("body").at("stream_options").at("include_usage"), true);
    EXPECT_EQ(asked.at("path"), "/v1/chat/completions");
}

TEST_F(UpstreamKindTest, ABadUrlEndsTheJobBeforeItWaits) {
    settings_.upstream_url = "localhost:8080";
    const auto refused = kind().resolve(JobSpec{});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("write http://HOST:PORT"));
}

TEST_F(UpstreamKindTest, ItIsStartedThreeTimesAgainAtOnePaceAndForgivenWhenItIsReady) {
    const RestartRules rules = kind().restart_rules(settings_);
    EXPECT_EQ(rules.wait_min, 2s);
    EXPECT_EQ(rules.wait_max, 2s);
    EXPECT_EQ(rules.crashes_until_failed, 4);
    EXPECT_TRUE(rules.forgiven_when_ready);
}

TEST_F(UpstreamKindTest, LoadingNeedsNoDialogue) {
    Job job;
    job.spec.work = work::Load{};
    EXPECT_EQ(kind().exchange(job), nullptr);
}

}  // namespace
}  // namespace threadrunner
