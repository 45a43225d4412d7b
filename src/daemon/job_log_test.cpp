#include "daemon/job_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "base/log.h"
#include "base/paths.h"
#include "base/scratch_directory.h"

namespace threadrunner {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

/// The log's lines about these reports.
class JobLogTest : public testing::Test {
protected:
    JobLogTest() {
        work::Generate generate;
        generate.prompt = "my secret";
        job_.id = 17;
        job_.spec.work = generate;
        job_.spec.owner = "session:4711";
        job_.target = {.kind = "engine", .name = "/m/gemma.gguf", .profile = {}};
        job_.created = Clock::time_point{} + 1h;
        job_.started = job_.created + 250ms;
    }

    [[nodiscard]] std::string line_of(const Event& end, Clock::duration after,
                                      bool with_prompt = false) const {
        const ScratchDirectory directory;
        const Home home{.root = directory / ""};
        EXPECT_TRUE(create_home(home));
        EXPECT_TRUE(log::open(home.logs(), {}));
        log_job({.job = job_, .end = end, .ended = job_.created + after}, with_prompt);
        log::close();
        std::ostringstream text;
        text << std::ifstream(home.log_file_today()).rdbuf();
        EXPECT_EQ(std::ranges::count(text.str(), '\n'), 1) << text.str();
        return text.str();
    }

    Job job_;
};

TEST_F(JobLogTest, ALineTellsWhoseJobRanWhereAndHowLongAndNothingThatWasSaid) {
    const Event done =
        event::Done{.reason = event::Reason::length,
                    .usage = event::Usage{.prompt = 5, .cached = 2, .completion = 3}};
    EXPECT_THAT(
        line_of(done, 1250ms),
        AllOf(HasSubstr("job: j17 ended op=generate target=engine:gemma.gguf owner=session:4711 "
                        "waited_ms=250 ran_ms=1000 end=length prompt=5 cached=2 "
                        "completion=3"),
              Not(HasSubstr("secret"))));
}

TEST_F(JobLogTest, AnErrorIsOneLineHoweverManyItsMessageHas) {
    const Error error{.code = ErrorCode::worker_crashed, .message = "crashed; it said:\n  help"};
    EXPECT_THAT(line_of(error, 1250ms),
                HasSubstr("end=error code=worker_crashed message=\"crashed; it said:\\n  help\""));
}

TEST_F(JobLogTest, AMessageThatMayQuoteWhatItsOwnerSentIsNotLogged) {
    const Error error{.code = ErrorCode::inference_failed, .message = "no template for my secret"};
    EXPECT_THAT(line_of(error, 1s), EndsWith(" end=error code=inference_failed\n"));
}

TEST_F(JobLogTest, ThePromptIsThereForThoseWhoAskedForIt) {
    EXPECT_THAT(line_of(event::Done{}, 1s, true), HasSubstr(" said=\"my secret\"\n"));
    const Error error{.code = ErrorCode::inference_failed, .message = "no template"};
    EXPECT_THAT(line_of(error, 1s, true), HasSubstr(" message=\"no template\" "));
}

TEST_F(JobLogTest, AJobThatNeverRanOnlyWaited) {
    job_.started = {};
    EXPECT_THAT(line_of(event::Done{.reason = event::Reason::cancelled}, 300ms),
                EndsWith("waited_ms=300 ran_ms=0 end=cancelled\n"));
    job_.target = {};
    EXPECT_THAT(line_of(Error{.code = ErrorCode::unknown_model, .message = "no model"}, 0ms),
                HasSubstr(" target=- "));
}

}  // namespace
}  // namespace threadrunner
