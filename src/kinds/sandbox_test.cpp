#include "kinds/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <string>

#include "base/scratch_directory.h"
#include "base/tool_limits.h"
#include "kinds/installed_program.h"

namespace threadrunner {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using namespace std::chrono_literals;
using wire::Json;

namespace fs = std::filesystem;

class SandboxKindTest : public testing::Test {
protected:
    SandboxKindTest() {
        fs::create_directories(scratch_ / "home/tools/text");
        fs::create_directories(scratch_ / "books");
        fs::create_directories(scratch_ / "music");
        write_manifest();
    }

    void write_manifest(const std::string& more = "", const std::string& books_mode = "ro") {
        scratch_.write("home/tools/text/tool.toml",
                       "name = \"text\"\nmodule = \"text.wasm\"\nmemory_mib = 64\n"
                       "idle_seconds = 7\n" +
                           more + "[preopens]\n\"/books\" = { host = \"" +
                           (scratch_ / "books").string() + "\", mode = \"" + books_mode + "\" }\n");
    }

    [[nodiscard]] static JobSpec call_of(const std::string& tool, work::Call call) {
        return {.backend = "sandbox", .model = tool, .work = std::move(call), .owner = {}};
    }
    [[nodiscard]] Result<Target> resolve(work::Call call) const {
        return kind_.resolve(call_of("text", std::move(call)));
    }
    [[nodiscard]] std::string fault(work::Call call) const {
        const auto target = resolve(std::move(call));
        return target ? "no fault" : target.error().message;
    }

    ScratchDirectory scratch_;
    boost::asio::io_context loop_;
    Home home_{scratch_ / "home"};
    SandboxKind kind_{loop_.get_executor(), home_};
};

TEST_F(SandboxKindTest, AToolIsOneWorkerForAllItsCalls) {
    const auto target = resolve({.op = "grep", .args = {{"path", "/books/a"}}});
    ASSERT_TRUE(target) << target.error().message;
    EXPECT_EQ(target->label(), "sandbox:text");
    EXPECT_EQ(*target, *resolve({.op = "word_count"}));
}

TEST_F(SandboxKindTest, DirectoriesOfACallAreAWorkerOfTheirOwn) {
    const Grant music{.host = "/m", .guest = "/m", .writable = true};
    const Grant more{.host = "/a b", .guest = "/n"};
    const auto one = resolve({.op = "grep", .directories = {music, more}});
    ASSERT_TRUE(one);
    EXPECT_NE(*one, *resolve({.op = "grep"}));
    EXPECT_NE(*one, *resolve({.op = "grep", .directories = {music}}));
    EXPECT_EQ(*one, *resolve({.op = "grep", .directories = {more, music}}));
}

TEST_F(SandboxKindTest, ADirectoryThatTheToolHasAlreadyTakesNoWorkerOfItsOwn) {
    const std::string books = scratch_ / "books";
    const Grant below{.host = books + "/new", .guest = ""};
    EXPECT_EQ(*resolve({.op = "grep", .directories = {{.host = books, .guest = ""}, below}}),
              *resolve({.op = "grep"}));
    const Grant to_write{.host = books, .guest = "", .writable = true};
    const Grant beside{.host = books + "2", .guest = ""};
    for (const Grant& other : {to_write, beside}) {
        Grant named = other;
        named.guest = other.host;
        EXPECT_EQ(*resolve({.op = "grep", .directories = {other}}),
                  *resolve({.op = "grep", .directories = {named}}));
        EXPECT_NE(*resolve({.op = "grep", .directories = {other}}), *resolve({.op = "grep"}));
    }
}

TEST_F(SandboxKindTest, CallsThatMayOnlyReadAreAWorkerOfTheirOwnWhereSomethingIsWritable) {
    const Grant music{.host = "/m", .guest = "/m", .writable = true};
    const Grant to_read{.host = "/m", .guest = "/m"};
    EXPECT_EQ(*resolve({.op = "grep", .read_only = true}), *resolve({.op = "grep"}));
    EXPECT_EQ(*resolve({.op = "grep", .directories = {music}, .read_only = true}),
              *resolve({.op = "grep", .directories = {to_read}}));
    write_manifest("", "rw");
    EXPECT_NE(*resolve({.op = "grep", .read_only = true}), *resolve({.op = "grep"}));
}

TEST_F(SandboxKindTest, CallsWithBytesShareNothing) {
    const work::Call call{.op = "grep", .args = {{"data", "YQ=="}}};
    EXPECT_NE(*resolve(call), *resolve(call));
}

TEST_F(SandboxKindTest, WhatCannotBeCalledIsRefusedBeforeItWaits) {
    EXPECT_THAT(kind_.resolve(call_of("tags", {.op = "a"})).error().message,
                AllOf(HasSubstr("there is no tool 'tags'"), HasSubstr("text")));
    EXPECT_THAT(
        kind_.resolve({.backend = "sandbox", .model = "text", .work = work::Embed{}, .owner = {}})
            .error()
            .message,
        HasSubstr("is for calls of tools"));
    EXPECT_THAT(fault({.op = "a", .directories = {{.host = "m", .guest = "/m"}}}),
                HasSubstr("HOST::GUEST"));
    EXPECT_THAT(fault({.op = "a", .directories = {{.host = "/m", .guest = "/m/../x"}}}),
                HasSubstr("HOST::GUEST"));
    EXPECT_THAT(fault({.op = "a",
                       .directories = std::vector<Grant>(limits::tool_grants_max + 1,
                                                         {.host = "/m", .guest = "/m"})}),
                HasSubstr("at most 64 directories"));
}

TEST_F(SandboxKindTest, PlansAHostWithWhatTheManifestGives) {
    const InstalledProgram program("threadrunner-sandbox");
    write_manifest("instances = 2\nargs = [\"-x\"]\nenv = { A = \"b\" }\n");
    const auto plan = kind_.plan(*resolve({.op = "grep"}));
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->command.program, program.path());
    EXPECT_TRUE(plan->command.pipes_frames);
    EXPECT_EQ(plan->idle, 7s);
    EXPECT_EQ(plan->memory.at("host"), 2 * 128 * limits::mib);
    const Json& load = *plan->load;
    EXPECT_EQ(load.at("module"), (scratch_ / "home/tools/text/text.wasm").string());
    EXPECT_EQ(load.at("preopens"), (Json{{{"host", fs::canonical(scratch_ / "books").string()},
                                          {"guest", "/books"},
                                          {"mode", "ro"}}}));
    EXPECT_EQ(load.at("memory_mib"), 64);
    EXPECT_EQ(load.at("args"), (Json{"-x"}));
    EXPECT_EQ(load.at("env"), (Json{{"A", "b"}}));
    EXPECT_EQ(fs::status(load.at("cache").get<std::string>()).permissions(), fs::perms::owner_all);
}

TEST_F(SandboxKindTest, PlansTheDirectoriesOfACallBesidesAndNotForLong) {
    const InstalledProgram program("threadrunner-sandbox");
    const auto plan = kind_.plan(*resolve(
        {.op = "grep",
         .directories = {{.host = scratch_ / "music", .guest = "/music", .writable = true}}}));
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_EQ(plan->load->at("preopens").size(), 2U);
    EXPECT_EQ(plan->load->at("preopens")[1],
              (Json{{"host", fs::canonical(scratch_ / "music").string()},
                    {"guest", "/music"},
                    {"mode", "rw"}}));
    EXPECT_EQ(plan->idle, limits::tool_granted_idle);
    const auto missing = kind_.plan(
        *resolve({.op = "grep", .directories = {{.host = scratch_ / "none", .guest = "/n"}}}));
    EXPECT_THAT(missing.error().message, HasSubstr("is no directory"));
}

TEST_F(SandboxKindTest, PlansEveryDirectoryToReadOnlyForACallThatMayOnlyRead) {
    const InstalledProgram program("threadrunner-sandbox");
    write_manifest("", "rw");
    const Grant music{.host = scratch_ / "music", .guest = "/music", .writable = true};
    const auto mode_of_each = [&](bool read_only) {
        const auto plan =
            kind_.plan(*resolve({.op = "grep", .directories = {music}, .read_only = read_only}));
        EXPECT_TRUE(plan) << plan.error().message;
        return plan->load->at("preopens")[0].at("mode").get<std::string>() + " " +
               plan->load->at("preopens")[1].at("mode").get<std::string>();
    };
    EXPECT_EQ(mode_of_each(false), "rw rw");
    EXPECT_EQ(mode_of_each(true), "ro ro");
    EXPECT_EQ(kind_.plan(*resolve({.op = "grep", .read_only = true}))->idle, 7s);
}

TEST_F(SandboxKindTest, PlansAPrivateFolderForBytes) {
    const InstalledProgram program("threadrunner-sandbox");
    const auto plan = kind_.plan(*resolve({.op = "grep", .args = {{"data", "YQ=="}}}));
    ASSERT_TRUE(plan) << plan.error().message;
    const fs::path folder = plan->load->at("folder").get<std::string>();
    EXPECT_EQ(fs::status(folder).permissions(), fs::perms::owner_all);
    EXPECT_EQ(plan->load->at("preopens").back().at("guest"), "/call");
}

TEST_F(SandboxKindTest, WithoutItsProgramNothingIsSandboxed) {
    const auto plan = kind_.plan(*resolve({.op = "grep"}));
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, ErrorCode::not_supported);
    EXPECT_THAT(plan.error().message, HasSubstr("threadrunner-sandbox"));
}

}  // namespace
}  // namespace threadrunner
