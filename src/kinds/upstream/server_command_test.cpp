#include "kinds/upstream/server_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/scratch_directory.h"
#include "kinds/installed_program.h"

namespace threadrunner {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const ServerOptions options{.model = "/models/a model.gguf",
                            .gpu_layers = 9,
                            .context = 1024,
                            .threads = 3,
                            .slots = 2,
                            .cache_mib = 64};

Result<Command> command_for(const Settings& settings) {
    const InstalledProgram program("llama-server");
    return server_command(settings, options, 4711, "k3y");
}

std::string fault_of(const Settings& settings) {
    const auto command = command_for(settings);
    return command ? "no fault" : command.error().message;
}

TEST(ServerCommand, ArgumentsComeInTheOrderThatEveryVersionKnowsAndTheUsersLast) {
    Settings settings;
    settings.upstream_args = "--flash-attn on --alias 'a name'";
    const auto command = command_for(settings);
    ASSERT_TRUE(command) << command.error().message;
    EXPECT_THAT(command->arguments,
                ElementsAre("--model", "/models/a model.gguf", "--host", "127.0.0.1", "--port",
                            "4711", "--n-gpu-layers", "9", "--ctx-size", "2048", "--threads", "3",
                            "--parallel", "2", "--flash-attn", "on", "--alias", "a name"));
    EXPECT_FALSE(command->speaks_frames);
}

TEST(ServerCommand, TheKeyIsInTheEnvironmentWhichOtherUsersCannotRead) {
    const auto command = command_for({});
    ASSERT_TRUE(command);
    EXPECT_THAT(command->environment, Contains("LLAMA_API_KEY=k3y"));
    EXPECT_THAT(command->arguments, Not(Contains(HasSubstr("k3y"))));
}

TEST(ServerCommand, ItsPromptCacheIsNoLargerThanWhatIsReserved) {
    EXPECT_THAT(command_for({})->environment, Contains("LLAMA_ARG_CACHE_RAM=64"));
}

TEST(ServerCommand, WhatWouldLeadItAwayOrShowItsKeyIsRefused) {
    Settings settings;
    for (const char* words : {"--host 0.0.0.0", "--port=80", "--api-key x", "-m other.gguf"}) {
        settings.upstream_args = words;
        EXPECT_THAT(fault_of(settings), HasSubstr("the daemon's to choose")) << words;
    }
    settings.upstream_args = "--alias 'a";
    EXPECT_THAT(fault_of(settings), HasSubstr("is not closed"));
}

TEST(ServerCommand, TheProgramMayBeAPathOrANameInThePath) {
    const ScratchDirectory folder;
    const auto program = folder.write("other-server", "#!/bin/sh\n");
    Settings settings;
    settings.upstream_program = program.string();
    EXPECT_THAT(fault_of(settings), HasSubstr("is no program"));
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    EXPECT_EQ(command_for(settings)->program, program);

    settings.upstream_program = "other-server";
    EXPECT_THAT(fault_of(settings), HasSubstr("no program 'other-server' in the PATH"));
    const std::string path = std::getenv("PATH");
    ::setenv("PATH", ("relative:" + program.parent_path().string() + ":" + path).c_str(), 1);
    const auto command = command_for(settings);
    ::setenv("PATH", path.c_str(), 1);
    ASSERT_TRUE(command) << command.error().message;
    EXPECT_EQ(command->program, program);
}

TEST(FreePort, IsOneThatAServerCanHave) {
    const auto port = free_port();
    ASSERT_TRUE(port);
    EXPECT_GT(*port, 1023);
}

}  // namespace
}  // namespace threadrunner
