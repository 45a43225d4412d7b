#include "kinds/completed_work.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/scratch_directory.h"

namespace threadrunner {
namespace {

TEST(CompletedWork, ABodyGetsWhatItLacksAndKeepsItsOrder) {
    const work::Sampling defaults{.temperature = 0.5, .top_k = 5, .max_tokens = 9, .stop = {"#"}};
    EXPECT_EQ(
        completed_body(R"({"z":1, "a":{"y":1,"b":2}} )", defaults),
        R"({"z":1, "a":{"y":1,"b":2},"temperature":0.5,"top_k":5,"max_tokens":9,"stop":["#"]} )");
    EXPECT_EQ(completed_body(R"({"temperature":0,"stop":[],"n_predict":1,"top_k":0})", defaults),
              R"({"temperature":0,"stop":[],"n_predict":1,"top_k":0})");
    EXPECT_EQ(completed_body("{}", {.seed = 7}), R"({"seed":7})");
    EXPECT_EQ(completed_body("{}", {.stop = {"#"}}, "stop_sequences"),
              R"({"stop_sequences":["#"]})");
    EXPECT_EQ(completed_body("[1]", defaults), "[1]");
    EXPECT_EQ(completed_body("{torn", defaults), "{torn");
}

TEST(CompletedWork, OnlyRequestsThatGenerateAreCompleted) {
    const ScratchDirectory home;
    home.write("models.toml", "[m]\npath = \"/m.gguf\"\naliases = [\"n\"]\ntemperature = 0.25\n");
    const model::Registry registry(Home{.root = home / ""});
    const auto body = [&](const std::string& model, const std::string& path) {
        const JobSpec spec{.model = model, .work = work::Route{.path = path, .body = R"({"a":1})"}};
        return std::get<work::Route>(completed_work(spec, Settings(), registry)).body;
    };
    EXPECT_EQ(body("n", "/v1/chat/completions"), R"({"a":1,"temperature":0.25})");
    EXPECT_EQ(body("n", "/v1/messages"), R"({"a":1,"temperature":0.25})");
    EXPECT_EQ(body("/other.gguf", "/v1/chat/completions"), R"({"a":1})");
    EXPECT_EQ(body("n", "/v1/embeddings"), R"({"a":1})");
    const JobSpec spec{.model = "n",
                       .work = work::Generate{.prompt = "Hi", .sampling = {.max_tokens = 3}}};
    const auto generate = std::get<work::Generate>(completed_work(spec, Settings(), registry));
    EXPECT_EQ(generate.sampling.temperature, 0.25);
    EXPECT_EQ(generate.sampling.max_tokens, 3);
}

}  // namespace
}  // namespace threadrunner
