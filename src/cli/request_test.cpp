#include "cli/request.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

Environment environment_of(std::map<std::string, std::string> variables) {
    return [variables](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

TEST(Request, BackendAndModelGoWithEveryRequest) {
    const auto environment =
        environment_of({{"THREADRUNNER_BACKEND", "dummy"}, {"THREADRUNNER_MODEL_PATH", "gemma"}});
    EXPECT_EQ(
        make_model_request("tokenize", Options{}, environment),
        (wire::Json{
            {"v", 2}, {"id", 1}, {"op", "tokenize"}, {"backend", "dummy"}, {"model", "gemma"}}));
}

TEST(Request, FlagsWinOverTheEnvironment) {
    const auto environment =
        environment_of({{"THREADRUNNER_BACKEND", "dummy"}, {"THREADRUNNER_MODEL_PATH", "gemma"}});
    const Options options{.model = "other", .backend = "llama"};
    const auto request = make_model_request("generate", options, environment);
    EXPECT_EQ(request["model"], "other");
    EXPECT_EQ(request["backend"], "llama");
}

TEST(Request, WithoutAnyTheDaemonChooses) {
    const auto request = make_model_request("generate", Options{}, environment_of({}));
    EXPECT_FALSE(request.contains("model"));
    EXPECT_FALSE(request.contains("backend"));
}

TEST(Request, AModelFileIsFoundFromWhereTheUserIs) {
    const fs::path file = "cli_request_test_model.gguf";
    std::ofstream(file) << "x";
    EXPECT_EQ(resolve_model(file), (fs::current_path() / file).string());
    EXPECT_EQ(resolve_model("./not-there.gguf"), (fs::current_path() / "not-there.gguf").string());
    fs::remove(file);
}

TEST(Request, ANameStaysANameEvenBesideADirectoryOfThatName) {
    const fs::path directory = "cli_request_test_gemma";
    fs::create_directory(directory);
    EXPECT_EQ(resolve_model(directory), directory);
    EXPECT_EQ(resolve_model("org/model"), "org/model");
    fs::remove(directory);
}

TEST(Request, TheDaemonLearnsHowMuchTimeIsLeft) {
    const Clock::time_point now{std::chrono::hours(1)};
    wire::Json request;
    set_deadline(request, now + std::chrono::microseconds(1500), now);
    EXPECT_EQ(request["deadline_ms"], 2);
    set_deadline(request, now - std::chrono::seconds(1), now);
    EXPECT_EQ(request["deadline_ms"], 1);
}

TEST(Prompt, WordsThenABlankLineThenTheInput) {
    EXPECT_EQ(compose_prompt({"Review", "this"}, "a\n\nb\n"), "Review this\n\na\n\nb");
    EXPECT_EQ(compose_prompt({"Hi"}, std::nullopt), "Hi");
    EXPECT_EQ(compose_prompt({"Hi"}, ""), "Hi");
    EXPECT_EQ(compose_prompt({}, "from a pipe\n"), "from a pipe");
}

TEST(Prompt, NothingIsNothing) {
    EXPECT_EQ(compose_prompt({}, std::nullopt), "");
    EXPECT_EQ(compose_prompt({""}, "\n"), "");
}

}  // namespace
}  // namespace threadrunner::cli
