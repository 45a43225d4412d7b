#include "job/jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "job/recording_sink.h"
#include "job/scripted_runner.h"

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

const Target gemma = ScriptedRunner::target();

Event token(const std::string& text) { return event::Token{.text = text}; }
const Event done = event::Done{};

/// Jobs, a runner, and sinks that outlive the jobs.
class JobsTest : public testing::Test {
protected:
    JobsTest() {
        jobs_.set_runner(runner_);
        jobs_.set_end_observer([this](const JobReport& report) {
            reports_.push_back(job_name(report.job.id) + " " +
                               (std::holds_alternative<Error>(report.end) ? "failed" : "finished"));
        });
    }

    JobId submit(RecordingSink& sink, JobSpec spec = {}) {
        return jobs_.submit(std::move(spec), sink);
    }
    JobId submit_detached(RecordingSink& sink) {
        JobSpec spec;
        spec.detached = true;
        return submit(sink, std::move(spec));
    }
    JobId submit_with_deadline(RecordingSink& sink) {
        JobSpec spec;
        spec.deadline = Clock::now() + 1ms;
        return submit(sink, std::move(spec));
    }
    Job& take() {
        Job* job = jobs_.take(gemma);
        EXPECT_NE(job, nullptr);
        return *job;
    }
    /// Waits for the one timer that is armed.
    void let_deadline_pass() { EXPECT_EQ(loop_.run_one(), 1U); }

    [[nodiscard]] std::string attached(JobId id, std::uint64_t after_seq, RecordingSink& sink) {
        const auto result = jobs_.attach(id, after_seq, sink);
        return result ? "attached" : std::string(traits(result.error().code).name);
    }

    boost::asio::io_context loop_;
    ScriptedRunner runner_;
    std::vector<std::string> reports_;
    Jobs jobs_{loop_.get_executor(), 3};
};

TEST_F(JobsTest, AClientHearsThatItsJobIsAcceptedBeforeAnythingElse) {
    RecordingSink sink;
    const JobId id = submit(sink);
    EXPECT_EQ(sink.story(), "accepted, queued 1");
    EXPECT_EQ(std::get<event::Accepted>(sink.events.front()).job, job_name(id));
    EXPECT_THAT(sink.seqs, ElementsAre(1, 2));
    EXPECT_THAT(runner_.calls, ElementsAre("waiting engine:gemma"));

    Job& job = take();
    EXPECT_EQ(job.id, id);
    EXPECT_EQ(job.state, Job::State::running);
    jobs_.emit(job, token("a"), 1);
    jobs_.emit(job, done);
    EXPECT_EQ(sink.story(), "accepted, queued 1, token a, done stop");
    EXPECT_THAT(sink.seqs, ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(sink.unpaid, 1U);
    EXPECT_EQ(jobs_.find(id), nullptr);
    EXPECT_THAT(reports_, ElementsAre("j1 finished"));
    EXPECT_EQ(jobs_.finished(), 1U);
    EXPECT_EQ(jobs_.failed(), 0U);
}

TEST_F(JobsTest, AJobThatBeginsAtOnceIsNeverCalledQueued) {
    RecordingSink sink;
    runner_.on_waiting = [&] { take(); };
    submit(sink);
    EXPECT_EQ(sink.story(), "accepted");
}

TEST_F(JobsTest, AJobThatNoWorkerCanDoEndsWithTheReason) {
    RecordingSink sink;
    runner_.refusal = Error{.code = ErrorCode::unknown_model, .message = "no such model"};
    submit(sink);
    EXPECT_EQ(sink.story(), "accepted, error unknown_model");
    EXPECT_EQ(sink.error_message(), "no such model");
    EXPECT_THAT(runner_.calls, IsEmpty());
    EXPECT_THAT(reports_, ElementsAre("j1 failed"));
}

TEST_F(JobsTest, AJobBeyondTheBoundEndsAtOnceAndTheWaitingOnesStay) {
    std::vector<std::unique_ptr<RecordingSink>> sinks;
    for (int i = 0; i < 4; ++i) {
        sinks.push_back(std::make_unique<RecordingSink>());
        submit(*sinks.back());
    }
    EXPECT_EQ(sinks[2]->story(), "accepted, queued 3");
    EXPECT_EQ(sinks[3]->story(), "accepted, error overloaded");
    EXPECT_EQ(std::get<Error>(sinks[3]->events.back()).retry_after, limits::overloaded_retry_after);
    EXPECT_EQ(jobs_.live().size(), 3U);
}

TEST_F(JobsTest, EveryRequestHasAnIdOfItsOwn) {
    RecordingSink first;
    RecordingSink second;
    const JobId a = submit(first);
    const JobId b = jobs_.new_id();
    const JobId c = submit(second);
    EXPECT_LT(a, b);
    EXPECT_LT(b, c);
    EXPECT_EQ(job_id_from(job_name(c)), c);
}

TEST(JobName, OnlyAJobsNameNamesAJob) {
    EXPECT_EQ(job_name(17), "j17");
    EXPECT_EQ(job_id_from("j17"), 17U);
    for (const char* other : {"", "j", "17", "J17", "j-1", "j1x", "j 1", "j99999999999999999999"}) {
        EXPECT_EQ(job_id_from(other), std::nullopt) << other;
    }
}

TEST(TargetLabel, ShowsAFileByItsNameAndItsProfile) {
    EXPECT_EQ((Target{.kind = "engine", .name = "/m/gemma.gguf", .profile = "embed"}).label(),
              "engine:gemma.gguf#embed");
    EXPECT_EQ((Target{.kind = "dummy", .name = "", .profile = ""}).label(), "dummy");
}

TEST_F(JobsTest, CancellingAWaitingJobEndsItAndTellsTheRunner) {
    RecordingSink sink;
    const JobId id = submit(sink);
    EXPECT_TRUE(jobs_.cancel(id));
    EXPECT_EQ(sink.story(), "accepted, queued 1, done cancelled");
    EXPECT_THAT(runner_.calls, ElementsAre("waiting engine:gemma", "withdrew engine:gemma"));
    EXPECT_FALSE(jobs_.cancel(id)) << "it has ended";
    EXPECT_EQ(jobs_.take(gemma), nullptr);
    EXPECT_THAT(reports_, ElementsAre("j1 finished"));
}

TEST_F(JobsTest, CancellingARunningJobEndsItWhenItsWorkerHasLetGo) {
    RecordingSink sink;
    const JobId id = submit(sink);
    Job& job = take();
    EXPECT_TRUE(jobs_.cancel(id));
    EXPECT_FALSE(sink.ended());
    EXPECT_TRUE(job.cancelled);
    EXPECT_EQ(runner_.calls.back(), "cancel j1");
    jobs_.emit(job, event::Done{.reason = event::Reason::cancelled});
    EXPECT_EQ(sink.story(), "accepted, queued 1, done cancelled");
}

TEST_F(JobsTest, AClientThatLeavesHearsNothingMoreAndItsJobIsCancelled) {
    RecordingSink running;
    RecordingSink waiting;
    const JobId first = submit(running);
    const JobId second = submit(waiting);
    Job& job = take();
    jobs_.abandon(first);
    jobs_.abandon(second);
    EXPECT_EQ(jobs_.find(second), nullptr);
    EXPECT_EQ(runner_.calls[2], "cancel j1");
    jobs_.emit(job, token("late"), 2);
    EXPECT_EQ(runner_.calls.back(), "credit j1 2") << "or the worker would wait for ever";
    jobs_.emit(job, event::Done{.reason = event::Reason::cancelled});
    EXPECT_EQ(running.story(), "accepted, queued 1");
    EXPECT_EQ(waiting.story(), "accepted, queued 2");
    jobs_.abandon(first);
    EXPECT_THAT(reports_, ElementsAre("j2 finished", "j1 finished"));
}

TEST_F(JobsTest, ADeadlineEndsAJobThatWaits) {
    RecordingSink sink;
    submit_with_deadline(sink);
    let_deadline_pass();
    EXPECT_EQ(sink.story(), "accepted, queued 1, error timeout");
    EXPECT_THAT(sink.error_message(), HasSubstr("passed while it was waiting"));
    EXPECT_EQ(jobs_.take(gemma), nullptr);
    EXPECT_EQ(runner_.calls.back(), "withdrew engine:gemma");
}

TEST_F(JobsTest, ADeadlineEndsARunningJobAtOnceAndItsWorkerIsToldToLetGo) {
    RecordingSink sink;
    const JobId id = submit_with_deadline(sink);
    take();
    let_deadline_pass();
    EXPECT_EQ(sink.story(), "accepted, queued 1, error timeout");
    EXPECT_THAT(sink.error_message(), HasSubstr("passed while it was running"));
    EXPECT_EQ(runner_.calls.back(), "cancel j1");
    EXPECT_EQ(jobs_.find(id), nullptr);
    EXPECT_THAT(reports_, ElementsAre("j1 failed"));
}

TEST_F(JobsTest, ADeadlineThatPassesAfterTheCancellingDoesNotMakeItAFailure) {
    RecordingSink sink;
    const JobId id = submit_with_deadline(sink);
    take();
    EXPECT_TRUE(jobs_.cancel(id));
    let_deadline_pass();
    EXPECT_EQ(sink.story(), "accepted, queued 1, done cancelled");
}

TEST_F(JobsTest, AJobThatEndedInTimeIsNotEndedAgainByItsDeadline) {
    RecordingSink early;
    RecordingSink late;
    submit_with_deadline(early);
    jobs_.emit(take(), done);
    submit_with_deadline(late);
    while (!late.ended()) {
        let_deadline_pass();
    }
    EXPECT_EQ(early.story(), "accepted, queued 1, done stop");
    EXPECT_EQ(late.story(), "accepted, queued 1, error timeout");
}

TEST_F(JobsTest, AChildHasItsParentsOwnerAndDeadlineAndIsCancelledWithIt) {
    RecordingSink parent_sink;
    JobSpec spec;
    spec.owner = "me";
    spec.deadline = Clock::now() + 1h;
    const JobId parent = submit(parent_sink, spec);
    take();
    RecordingSink child_sink;
    JobSpec of_child;
    of_child.parent = parent;
    of_child.owner = "nobody";
    const JobId child = submit(child_sink, of_child);
    EXPECT_EQ(jobs_.find(child)->spec.owner, "me");
    EXPECT_EQ(jobs_.find(child)->spec.deadline, spec.deadline);
    RecordingSink hasty_sink;
    of_child.deadline = *spec.deadline - 1min;
    const JobId hasty = submit(hasty_sink, of_child);
    EXPECT_EQ(jobs_.find(hasty)->spec.deadline, of_child.deadline) << "its own comes first";

    EXPECT_TRUE(jobs_.cancel(parent));
    EXPECT_EQ(child_sink.story(), "accepted, queued 1, done cancelled");
    EXPECT_TRUE(hasty_sink.ended());
    EXPECT_FALSE(parent_sink.ended()) << "its worker has not let go";
}

TEST_F(JobsTest, ProgressOfALoadReachesAllThatWaitAndItsErrorEndsThem) {
    RecordingSink first;
    RecordingSink second;
    RecordingSink running;
    submit(running);
    take();
    submit(first);
    submit(second);
    jobs_.emit_waiting(gemma, event::Load{.stage = "model", .fraction = 0.5});
    jobs_.emit_waiting(gemma, Error{.code = ErrorCode::model_load_failed, .message = "broken"});
    EXPECT_EQ(first.story(), "accepted, queued 1, load 0.5, error model_load_failed");
    EXPECT_EQ(second.story(), "accepted, queued 2, load 0.5, error model_load_failed");
    EXPECT_FALSE(running.ended());
    EXPECT_EQ(jobs_.scheduler().waiting(), 0U);
}

TEST_F(JobsTest, AJobGivenBackRunsAgainBeforeItsOwnersOthers) {
    RecordingSink first;
    RecordingSink second;
    const JobId id = submit(first);
    submit(second);
    Job& job = take();
    jobs_.requeue(job);
    EXPECT_EQ(job.state, Job::State::waiting);
    EXPECT_EQ(take().id, id);
}

TEST_F(JobsTest, OnlyWhatCannotBeTakenBackCountsAsHavingSpoken) {
    RecordingSink sink;
    submit(sink);
    Job& job = take();
    jobs_.emit(job, event::Load{});
    jobs_.emit(job, event::Prompt{});
    EXPECT_FALSE(job.spoke);
    jobs_.emit(job, event::Reasoning{.text = "hm"});
    EXPECT_TRUE(job.spoke);
}

TEST_F(JobsTest, ADetachedJobGoesOnWithoutItsClientAndTellsThoseWhoAttachEverything) {
    RecordingSink starter;
    const JobId id = submit_detached(starter);
    Job& job = take();
    jobs_.emit(job, token("a"), 1);
    jobs_.abandon(id);
    EXPECT_EQ(runner_.calls.back(), "credit j1 1024") << "what its client held back is forgiven";
    jobs_.emit(job, token("b"), 1);
    EXPECT_EQ(runner_.calls.back(), "credit j1 1");
    EXPECT_EQ(starter.story(), "accepted, queued 1, token a");

    RecordingSink follower;
    EXPECT_EQ(attached(id, 2, follower), "attached");
    EXPECT_EQ(follower.story(), "token a, token b");
    EXPECT_EQ(follower.unpaid, 0U) << "what was replayed is paid already";
    jobs_.emit(job, token("c"), 1);
    jobs_.emit(job, done);
    EXPECT_EQ(follower.story(), "token a, token b, token c, done stop");
    EXPECT_THAT(follower.seqs, ElementsAre(3, 4, 5, 6));
    EXPECT_EQ(follower.unpaid, 1U);

    RecordingSink latecomer;
    EXPECT_EQ(attached(id, 0, latecomer), "attached");
    EXPECT_EQ(latecomer.story(), "accepted, queued 1, token a, token b, token c, done stop");
    EXPECT_EQ(attached(id, 6, latecomer), "gone") << "it has nothing more to say";
}

TEST_F(JobsTest, NobodyAttachesToWhatIsNotTheirs) {
    RecordingSink sink;
    RecordingSink other;
    const JobId plain = submit(sink);
    EXPECT_EQ(attached(plain, 0, other), "conflict");
    EXPECT_EQ(attached(plain + 1, 0, other), "not_found");
    jobs_.emit(take(), done);
    EXPECT_EQ(attached(plain, 0, other), "gone");

    const JobId followed = submit_detached(sink);
    EXPECT_EQ(attached(followed, 0, other), "conflict");
    EXPECT_EQ(other.story(), "");
}

TEST_F(JobsTest, OnlyTheLastDetachedJobsThatEndedAreRemembered) {
    RecordingSink sink;
    const JobId long_lived = submit_detached(sink);
    Job& slow = take();
    std::vector<JobId> quick;
    for (std::size_t i = 0; i < limits::journals_kept_max; ++i) {
        quick.push_back(submit_detached(sink));
        jobs_.emit(take(), done);
    }
    RecordingSink follower;
    EXPECT_EQ(attached(quick.front(), 0, follower), "attached");
    jobs_.emit(slow, done);
    EXPECT_EQ(attached(long_lived, 0, follower), "attached") << "it ended last";
    EXPECT_EQ(attached(quick.front(), 0, follower), "gone") << "it ended first";
    EXPECT_EQ(attached(quick[1], 0, follower), "attached");
}

}  // namespace
}  // namespace threadrunner
