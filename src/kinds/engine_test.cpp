#include "kinds/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <filesystem>

#include "base/limits.h"
#include "base/scratch_directory.h"
#include "gguf/builder.h"
#include "kinds/cores.h"
#include "kinds/installed_program.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::Json;

/// A home with one small model.
class EngineKindTest : public testing::Test {
protected:
    EngineKindTest() {
        std::filesystem::create_directory(home_ / "models");
        model_ = std::filesystem::canonical(home_.write(
            "models/small.gguf", gguf::small_model().file(gguf::small_model_data_bytes)));
    }

    [[nodiscard]] EngineKind kind() const {
        return {settings_, model::Registry(Home{.root = home_ / ""})};
    }
    [[nodiscard]] Result<Target> resolve(const std::string& model, Work work = {}) const {
        JobSpec spec;
        spec.model = model;
        spec.work = std::move(work);
        return kind().resolve(spec);
    }
    [[nodiscard]] Result<LaunchPlan> plan(const std::string& path, const std::string& profile = {},
                                          const std::string& script = {}) const {
        const InstalledProgram program("threadrunner-engine", script);
        return kind().plan({.kind = "engine", .name = path, .profile = profile});
    }

    ScratchDirectory home_;
    std::filesystem::path model_;
    Settings settings_;
};

TEST_F(EngineKindTest, OneModelIsOneWorkerHoweverItIsNamed) {
    const Target target{.kind = "engine", .name = model_.string(), .profile = {}};
    EXPECT_EQ(resolve(""), target);
    EXPECT_EQ(resolve("small"), target);
    EXPECT_EQ(resolve("small.gguf"), target);
    EXPECT_EQ(resolve((home_ / "models/../models/small.gguf").string()), target);
    EXPECT_EQ(resolve("smal").error().code, ErrorCode::unknown_model);
}

TEST_F(EngineKindTest, VectorsComeFromAWorkerOfTheirOwn) {
    EXPECT_EQ(resolve("small", work::Embed{.inputs = {"a"}})->profile, "embed");
    EXPECT_EQ(resolve("small", work::Tokenize{})->profile, "");
    EXPECT_EQ(resolve("small", work::Load{})->profile, "");
}

TEST_F(EngineKindTest, AnEngineIsLoadedAsTheSettingsSay) {
    settings_.engine_context = 1024;
    settings_.engine_slots = 2;
    settings_.engine_threads = 3;
    settings_.engine_gpu_layers = 5;
    settings_.engine_cache_mib = 7;
    settings_.log_filter = "engine=debug";
    settings_.engine_args = "--flash-attn on -ctk 'q8_0'";
    const auto launch = plan(model_.string());
    ASSERT_TRUE(launch) << launch.error().message;
    EXPECT_EQ(launch->load, (Json{{"path", model_.string()},
                                  {"context", 1024},
                                  {"slots", 2},
                                  {"threads", 3},
                                  {"gpu_layers", 5},
                                  {"embed", false},
                                  {"cache_ram_mib", 7},
                                  {"engine_args", {"--flash-attn", "on", "-ctk", "q8_0"}}}));
    EXPECT_EQ(launch->command.program.filename(), "threadrunner-engine");
    EXPECT_THAT(launch->command.environment, testing::Contains("THREADRUNNER_LOG=engine=debug"));
}

TEST_F(EngineKindTest, MemoryIsTakenInHugePagesUnlessTheUserHasTunedItOtherwise) {
    const auto tuning = testing::Contains(testing::StartsWith("GLIBC_TUNABLES="));
    ::unsetenv("GLIBC_TUNABLES");
    const auto launch = plan(model_.string());
    ASSERT_TRUE(launch) << launch.error().message;
    EXPECT_THAT(launch->command.environment, tuning);

    ::setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0", 1);
    const auto tuned = plan(model_.string());
    ::unsetenv("GLIBC_TUNABLES");
    ASSERT_TRUE(tuned) << tuned.error().message;
    EXPECT_THAT(tuned->command.environment, testing::Not(tuning));
}

TEST_F(EngineKindTest, TheContextIsNoLongerThanTheModelWasTrainedFor) {
    settings_.engine_context = 100'000;
    const auto launch = plan(model_.string());
    ASSERT_TRUE(launch) << launch.error().message;
    EXPECT_EQ(launch->load->at("context"), 4096);
    EXPECT_THAT(launch->memory_detail, HasSubstr("context of 4 x 4096 tokens"));
}

TEST_F(EngineKindTest, AnEmbeddingEngineHasOneSlotAndNoCache) {
    const auto launch = plan(model_.string(), "embed");
    ASSERT_TRUE(launch) << launch.error().message;
    EXPECT_EQ(launch->load->at("embed"), true);
    EXPECT_EQ(launch->load->at("slots"), 1);
    EXPECT_EQ(launch->load->at("cache_ram_mib"), 0);
}

TEST_F(EngineKindTest, TheReservationCountsTheCacheToo) {
    settings_.engine_cache_mib = 0;
    const auto without = plan(model_.string());
    settings_.engine_cache_mib = 100;
    const auto with = plan(model_.string());
    ASSERT_TRUE(without && with);
    EXPECT_EQ(total_bytes(with->memory) - total_bytes(without->memory), 100 * limits::mib);
}

TEST_F(EngineKindTest, OnADeviceItsMemoryIsReservedAndLimited) {
    const std::string script =
        R"(echo '{"devices":[{"name":"CUDA0","kind":"gpu","free_bytes":100000000000}]}')";
    const auto on_host = plan(model_.string());
    const auto on_device = plan(model_.string(), {}, script);
    ASSERT_TRUE(on_host && on_device);
    EXPECT_EQ(bytes_of(on_device->device_limits, "CUDA0"), 95'000'000'000U);
    EXPECT_GT(bytes_of(on_device->memory, "CUDA0"), 0U);
    EXPECT_LT(bytes_of(on_device->memory, "host"), bytes_of(on_host->memory, "host"));
    settings_.engine_gpu_layers = 0;
    EXPECT_EQ(plan(model_.string(), {}, script)->memory, on_host->memory);
}

TEST_F(EngineKindTest, OneCoreIsLeftToEverybodyElse) {
    const auto launch = plan(model_.string());
    ASSERT_TRUE(launch) << launch.error().message;
    const auto threads = launch->load->at("threads").get<std::size_t>();
    EXPECT_GE(threads, 1U);
    EXPECT_LE(threads, std::max<std::size_t>(1, physical_cores() - 1));
}

TEST_F(EngineKindTest, AFileThatIsNoModelIsRefusedBeforeAProcessIsStarted) {
    const auto path = home_.write("models/notes.gguf", "hello");
    const auto launch = plan(path.string());
    ASSERT_FALSE(launch);
    EXPECT_EQ(launch.error().code, ErrorCode::model_load_failed);
    EXPECT_THAT(launch.error().message, HasSubstr("notes.gguf"));
}

TEST_F(EngineKindTest, ABuildWithoutTheEngineSaysHowToGetAnAnswer) {
    const auto launch = kind().plan({.kind = "engine", .name = model_.string(), .profile = {}});
    ASSERT_FALSE(launch);
    EXPECT_EQ(launch.error().code, ErrorCode::not_supported);
    EXPECT_THAT(launch.error().message, HasSubstr("THREADRUNNER_BACKEND=dummy"));
}

TEST(PhysicalCores, AreAtLeastOneAndNoMoreThanThoseOfTheProcess) {
    cpu_set_t before;
    ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
    EXPECT_GE(physical_cores(), 1U);
    EXPECT_LE(physical_cores(), static_cast<std::size_t>(CPU_COUNT(&before)));
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
        if (CPU_ISSET(cpu, &before)) {
            CPU_SET(cpu, &one);
        }
    }
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(physical_cores(), 1U);
    ::sched_setaffinity(0, sizeof before, &before);
}

}  // namespace
}  // namespace threadrunner
