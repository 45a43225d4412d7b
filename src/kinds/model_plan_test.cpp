#include "kinds/model_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/limits.h"
#include "base/scratch_directory.h"
#include "gguf/builder.h"

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A home whose models have defaults.
class ModelPlanTest : public testing::Test {
protected:
    ModelPlanTest() {
        std::filesystem::create_directory(home_ / "models");
        write_model("models/m.gguf");
    }

    std::filesystem::path write_model(const std::string& name) {
        return home_.write(name, gguf::small_model().file(gguf::small_model_data_bytes));
    }
    void set(const std::string& defaults) { home_.write("models.toml", defaults); }

    [[nodiscard]] Target resolve(const std::string& model, Work work = {}) const {
        const model::Registry registry(Home{.root = home_ / ""});
        const JobSpec spec{.model = model, .work = std::move(work)};
        auto target = resolve_model("engine", spec, settings_, registry);
        EXPECT_TRUE(target) << target.error().message;
        return target.value_or(Target());
    }
    [[nodiscard]] Result<ModelPlan> plan(const std::string& model, Work work = {}) const {
        return plan_model(resolve(model, std::move(work)), settings_, limits::cpu_batch_tokens);
    }

    ScratchDirectory home_;
    Settings settings_;
};

TEST_F(ModelPlanTest, NamesOfOneFileAreOneWorkerUnlessTheyAreLoadedInOtherWays) {
    set("[m]\naliases = [\"n\"]\ntemperature = 0.1\n[cold]\npath = \"m.gguf\"\n"
        "temperature = 0\n[long]\npath = \"m.gguf\"\ncontext = 256\n");
    EXPECT_EQ(resolve("m"), resolve("n"));
    EXPECT_EQ(resolve("m"), resolve("cold"));
    EXPECT_NE(resolve("m"), resolve("long"));
    EXPECT_EQ(resolve("long").profile, "context=256");
    EXPECT_EQ(resolve("long", work::Embed{}).profile, "embed context=256");
}

TEST_F(ModelPlanTest, DefaultsGoBeforeTheSettings) {
    settings_.engine_context = 1024;
    settings_.engine_threads = 1;
    set("[m]\ncontext = 256\nslots = 2\nthreads = 3\ngpu_layers = 5\ncache_mib = 7\n"
        "engine_args = \"--flash-attn on\"\n");
    const auto made = plan("m");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->context, 256U);
    EXPECT_EQ(made->slots, 2U);
    EXPECT_EQ(made->threads, 3U);
    EXPECT_EQ(made->gpu_layers, 5U);
    EXPECT_EQ(made->cache_mib, 7U);
    EXPECT_THAT(made->engine_args, ElementsAre("--flash-attn", "on"));
    EXPECT_EQ(plan("m", work::Embed{})->slots, 1U);
}

TEST_F(ModelPlanTest, WhatIsLoadedBesideTheModelIsCounted) {
    const auto alone = plan("m");
    const auto draft = write_model("draft.gguf");
    const auto adapter = home_.write("lora.gguf", std::string(1000, 'x'));
    const auto chat = home_.write("chat.jinja", "{{ messages }}\n");
    set("[m]\ndraft = \"" + draft.string() + "\"\nadapters = [\"" + adapter.string() +
        "=0.5\"]\ntemplate = \"" + chat.string() + "\"\n");
    const auto made = plan("m");
    ASSERT_TRUE(alone && made) << made.error().message;
    EXPECT_EQ(made->draft, draft);
    EXPECT_EQ(made->chat_template, "{{ messages }}");
    EXPECT_THAT(made->adapters, ElementsAre(model::Adapter{adapter.string(), 0.5}));
    EXPECT_GT(total_bytes(made->memory), total_bytes(alone->memory) + 1000);
}

TEST_F(ModelPlanTest, ACompanionThatIsNotThereIsNamed) {
    const auto fault = [&](const std::string& defaults) {
        set("[m]\n" + defaults);
        const auto made = plan("m");
        EXPECT_FALSE(made);
        return made ? std::string() : made.error().message;
    };
    EXPECT_THAT(fault("adapters = [\"/no/lora.gguf\"]\n"), HasSubstr("/no/lora.gguf"));
    EXPECT_THAT(fault("draft = \"/no/draft.gguf\"\n"), HasSubstr("/no/draft.gguf"));
    EXPECT_THAT(fault("template = \"/no/chat.jinja\"\n"), HasSubstr("/no/chat.jinja"));
}

}  // namespace
}  // namespace threadrunner
