#include "kinds/engine_devices.h"

#include <gtest/gtest.h>

#include <string>

#include "base/scratch_directory.h"
#include "base/small_file.h"
#include "kinds/installed_program.h"

namespace threadrunner {
namespace {

constexpr const char* one_device =
    R"(echo 'the driver says hello' >&2
echo '{"devices":[{"name":"CUDA0","kind":"gpu","free_bytes":1000}]}'
)";

TEST(EngineDevices, AreWhatTheProgramSaysOnItsStandardOutput) {
    const InstalledProgram program("threadrunner-engine", one_device);
    EngineDevices devices;
    ASSERT_EQ(devices.of(program.path()).size(), 1U);
    EXPECT_EQ(devices.of(program.path()).front().name, "CUDA0");
}

TEST(EngineDevices, AreAskedOnceSinceWorkersTakeTheirPartLater) {
    const ScratchDirectory files;
    const auto asked = files / "asked";
    const InstalledProgram program("threadrunner-engine",
                                   "echo once >> " + asked.string() + "\n" + one_device);
    EngineDevices devices;
    EXPECT_EQ(devices.of(program.path()).size(), 1U);
    EXPECT_EQ(devices.of(program.path()).size(), 1U);
    EXPECT_EQ(read_small_file(asked), "once");
}

TEST(EngineDevices, OfAProgramThatCannotSayAreNone) {
    for (const char* script : {"exit 3\n", "kill -ILL $$\n", "echo nothing\n"}) {
        const InstalledProgram program("threadrunner-engine", script);
        EXPECT_TRUE(EngineDevices().of(program.path()).empty()) << script;
    }
    EXPECT_TRUE(EngineDevices().of("/nowhere/threadrunner-engine").empty());
}

}  // namespace
}  // namespace threadrunner
