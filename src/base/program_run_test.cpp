#include "base/program_run.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace threadrunner {
namespace {

using namespace std::chrono_literals;

TEST(ProgramRun, AProgramIsRunToItsEndAndNoLonger) {
    const auto run = run_program("/bin/sh", {"-c", "echo out; echo err >&2; exit 3"}, {}, 10s);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(run->exit_code, 3);
    EXPECT_EQ(run->out, "out\n");
    EXPECT_EQ(run->err, "err\n");
    EXPECT_EQ(run_program("/bin/sh", {"-c", "kill -ILL $$"}, {}, 10s)->signal, SIGILL);
    const auto late = run_program("/bin/sh", {"-c", "exec sleep 1000"}, {}, 50ms);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::timeout);
    EXPECT_FALSE(run_program("/nowhere", {}, {}, 1s));
}

}  // namespace
}  // namespace threadrunner
