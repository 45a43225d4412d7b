#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "base/scratch_directory.h"
#include "cli/doctor/cpu_check.h"
#include "cli/doctor/daemon_check.h"
#include "cli/doctor/leftovers_check.h"
#include "cli/doctor/memory_check.h"
#include "cli/doctor/models_check.h"
#include "cli/doctor/proc.h"

namespace threadrunner::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(DoctorLook, ReadsTheKernelsTables) {
    EXPECT_EQ(field_of("MemTotal:   16 kB\nflags\t\t: a b\nlast:\n", "MemTotal"), "16 kB");
    EXPECT_EQ(field_of("MemTotal:   16 kB\nflags\t\t: a b\nlast:\n", "flags"), "a b");
    EXPECT_EQ(field_of("MemTotal:   16 kB\nlast:\n", "last"), "");
    EXPECT_EQ(field_of("MemTotal: 16 kB\n", "Mem"), std::nullopt);
    const MemoryFacts memory = look_at_memory();
    EXPECT_GT(memory.total_bytes, 0U);
    EXPECT_GE(memory.total_bytes, memory.available_bytes);
    EXPECT_GE(look_at_cpu().cores, 1U);
}

TEST(DoctorLook, SeesALockWithoutTakingIt) {
    const ScratchDirectory files;
    const auto file = files.write("a.lock", "");
    EXPECT_FALSE(is_locked(file));
    EXPECT_FALSE(is_locked(files / "none.lock"));
    const auto lock = try_lock(file);
    ASSERT_TRUE(lock && *lock);
    EXPECT_TRUE(is_locked(file));
}

TEST(DoctorLook, FindsModelsThatCannotBeUsedAndBrokenDownloads) {
    const ScratchDirectory folder;
    folder.write("notes.gguf", "hello");
    folder.write("big.gguf.part", "");
    folder.write("README", "");
    const ModelsFacts facts = look_at_models(folder / "", Clock::now() + 10s);
    EXPECT_EQ(facts.good, 0U);
    EXPECT_THAT(facts.faults, ElementsAre(HasSubstr("notes.gguf")));
    EXPECT_EQ(facts.partial.size(), 1U);
    EXPECT_EQ(look_at_models(folder / "", Clock::now() - 1s).not_looked_at, 1U);
}

TEST(DoctorLook, WithoutADaemonThereIsNothingToWaitFor) {
    const ScratchDirectory files;
    EXPECT_EQ(look_at_daemon(files / "none.sock", Clock::now() + 10s).state,
              DaemonFacts::State::absent);
}

}  // namespace
}  // namespace threadrunner::cli
