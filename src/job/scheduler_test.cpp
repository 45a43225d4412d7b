#include "job/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/limits.h"

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::size_t many = 1000;

const Target gemma{.kind = "engine", .name = "gemma", .profile = {}};
const Target qwen{.kind = "engine", .name = "qwen", .profile = {}};

Scheduler::Entry entry(JobId id, const std::string& owner = "ann",
                       Priority priority = Priority::interactive, const Target& target = gemma) {
    return {.id = id, .target = target, .owner = owner, .priority = priority};
}

std::vector<JobId> pull_all(Scheduler& scheduler, const Target& target = gemma) {
    std::vector<JobId> order;
    while (const auto next = scheduler.next(target)) {
        EXPECT_EQ(scheduler.pull(target), next);
        order.push_back(*next);
    }
    EXPECT_EQ(scheduler.pull(target), std::nullopt);
    return order;
}

TEST(Scheduler, TheJobsOfOneOwnerRunInTheOrderInWhichTheyCame) {
    Scheduler scheduler(many);
    for (JobId id = 1; id <= 4; ++id) {
        EXPECT_EQ(scheduler.admit(entry(id)), id) << "its position";
    }
    EXPECT_THAT(pull_all(scheduler), ElementsAre(1, 2, 3, 4));
}

TEST(Scheduler, ManyJobsOfOneOwnerDoNotDelayTheOneOfAnother) {
    Scheduler scheduler(many);
    for (JobId id = 1; id <= 100; ++id) {
        ASSERT_TRUE(scheduler.admit(entry(id, "ann")));
    }
    ASSERT_TRUE(scheduler.admit(entry(101, "bob")));
    ASSERT_TRUE(scheduler.admit(entry(102, "cyd")));
    EXPECT_EQ(scheduler.pull(gemma), 1U);
    EXPECT_EQ(scheduler.pull(gemma), 101U);
    EXPECT_EQ(scheduler.pull(gemma), 102U);
    EXPECT_EQ(scheduler.pull(gemma), 2U);
}

TEST(Scheduler, AJobThatWaitsForOneTargetDoesNotBlockThoseOfAnother) {
    Scheduler scheduler(many);
    ASSERT_TRUE(scheduler.admit(entry(1)));
    ASSERT_TRUE(scheduler.admit(entry(2, "ann", Priority::interactive, qwen)));
    EXPECT_EQ(scheduler.waiting(), 2U);
    EXPECT_EQ(scheduler.waiting(qwen), 1U);
    EXPECT_THAT(scheduler.targets(), UnorderedElementsAre(gemma, qwen));
    EXPECT_EQ(scheduler.pull(qwen), 2U);
    EXPECT_EQ(scheduler.pull(qwen), std::nullopt);
    EXPECT_THAT(scheduler.waiting_ids(gemma), ElementsAre(1));
}

TEST(Scheduler, ABatchJobRunsAfterEightInteractiveOnesHoweverManyWait) {
    Scheduler scheduler(many);
    ASSERT_TRUE(scheduler.admit(entry(500, "ann", Priority::batch)));
    ASSERT_TRUE(scheduler.admit(entry(501, "ann", Priority::batch)));
    for (JobId id = 1; id <= 40; ++id) {
        ASSERT_TRUE(scheduler.admit(entry(id)));
    }
    const auto order = pull_all(scheduler);
    ASSERT_EQ(order.size(), 42U);
    EXPECT_EQ(std::find(order.begin(), order.end(), 500) - order.begin(), 8);
    EXPECT_EQ(std::find(order.begin(), order.end(), 501) - order.begin(), 17);
}

TEST(Scheduler, ABatchJobNeedsNotWaitWhenNobodyElseDoes) {
    Scheduler scheduler(many);
    ASSERT_TRUE(scheduler.admit(entry(1, "ann", Priority::batch)));
    ASSERT_TRUE(scheduler.admit(entry(2, "ann", Priority::batch)));
    EXPECT_THAT(pull_all(scheduler), ElementsAre(1, 2));
}

TEST(Scheduler, AFullQueueRefusesAtOnceAndSaysWhenToTryAgain) {
    Scheduler scheduler(2);
    ASSERT_TRUE(scheduler.admit(entry(1)));
    ASSERT_TRUE(scheduler.admit(entry(2, "bob", Priority::batch)));
    const auto refused = scheduler.admit(entry(3, "cyd"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
    EXPECT_EQ(refused.error().retry_after, limits::overloaded_retry_after);
    EXPECT_THAT(refused.error().message, HasSubstr("2 jobs already wait for engine:gemma"));
    EXPECT_TRUE(scheduler.admit(entry(3, "cyd", Priority::interactive, qwen)))
        << "another target has a queue of its own";
    ASSERT_TRUE(scheduler.pull(gemma));
    EXPECT_TRUE(scheduler.admit(entry(4))) << "there is room again";
}

TEST(Scheduler, AJobTakenOutDoesNotRunAndCostsItsOwnerNoTurn) {
    Scheduler scheduler(many);
    for (const auto& [id, owner] : {std::pair{1U, "ann"}, {2U, "bob"}, {3U, "bob"}, {4U, "cyd"}}) {
        ASSERT_TRUE(scheduler.admit(entry(id, owner)));
    }
    EXPECT_TRUE(scheduler.remove(2));
    EXPECT_TRUE(scheduler.remove(4));
    EXPECT_FALSE(scheduler.remove(4)) << "only once";
    EXPECT_FALSE(scheduler.remove(99));
    ASSERT_TRUE(scheduler.admit(entry(5, "cyd")));
    EXPECT_THAT(pull_all(scheduler), ElementsAre(1, 3, 5));
    EXPECT_FALSE(scheduler.remove(1)) << "it waits no longer";
}

TEST(Scheduler, AJobGivenBackRunsBeforeItsOwnersOthersEvenIntoAFullQueue) {
    Scheduler scheduler(3);
    for (JobId id = 1; id <= 3; ++id) {
        ASSERT_TRUE(scheduler.admit(entry(id)));
    }
    ASSERT_EQ(scheduler.pull(gemma), 1U);
    ASSERT_TRUE(scheduler.admit(entry(4)));
    scheduler.requeue(entry(1));
    EXPECT_EQ(scheduler.waiting(gemma), 4U);
    EXPECT_THAT(pull_all(scheduler), ElementsAre(1, 2, 3, 4));
}

TEST(Scheduler, AJobGivenBackIsNextWhenItsOwnerHasNoOther) {
    Scheduler scheduler(many);
    ASSERT_TRUE(scheduler.admit(entry(1, "ann")));
    ASSERT_TRUE(scheduler.admit(entry(2, "bob")));
    ASSERT_EQ(scheduler.pull(gemma), 1U);
    scheduler.requeue(entry(1, "ann"));
    EXPECT_THAT(pull_all(scheduler), ElementsAre(1, 2));
}

TEST(Scheduler, TargetsThatComeAndGoLeaveNothingBehind) {
    Scheduler scheduler(many);
    for (JobId id = 1; id <= many; ++id) {
        const Target target{.kind = "dummy", .name = std::to_string(id), .profile = {}};
        ASSERT_TRUE(scheduler.admit(entry(id, "ann", Priority::batch, target)));
        if (id % 2 == 0) {
            EXPECT_EQ(scheduler.pull(target), id);
        } else {
            EXPECT_TRUE(scheduler.remove(id));
        }
    }
    EXPECT_THAT(scheduler.targets(), IsEmpty());
    EXPECT_EQ(scheduler.waiting(), 0U);
}

/// What the scheduler promises, without its order between owners and priorities.
class Model {
public:
    void push(const Scheduler::Entry& entry, bool in_front) {
        auto& own = lines_[{entry.target, entry.priority, entry.owner}];
        in_front ? own.push_front(entry.id) : own.push_back(entry.id);
        entries_[entry.id] = entry;
    }

    /// Takes out a job that was pulled; it must have been the first of its owner.
    void pulled(JobId id, const Target& target) {
        RC_ASSERT(entries_.contains(id));
        const Scheduler::Entry entry = entries_.at(id);
        RC_ASSERT(entry.target == target);
        RC_ASSERT(lines_.at({target, entry.priority, entry.owner}).front() == id);
        remove(id);
    }

    bool remove(JobId id) {
        const auto found = entries_.find(id);
        if (found == entries_.end()) {
            return false;
        }
        const Scheduler::Entry& entry = found->second;
        std::erase(lines_.at({entry.target, entry.priority, entry.owner}), id);
        entries_.erase(found);
        return true;
    }

    [[nodiscard]] std::set<JobId> waiting(const Target& target) const {
        std::set<JobId> ids;
        for (const auto& [id, entry] : entries_) {
            if (entry.target == target) {
                ids.insert(id);
            }
        }
        return ids;
    }

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
    std::map<std::tuple<Target, Priority, std::string>, std::deque<JobId>> lines_;
    std::map<JobId, Scheduler::Entry> entries_;
};

Scheduler::Entry arbitrary_entry(JobId id) {
    return entry(id, *rc::gen::element<std::string>("ann", "bob", "cyd"),
                 *rc::gen::element(Priority::interactive, Priority::batch),
                 *rc::gen::element(gemma, qwen));
}

RC_GTEST_PROP(SchedulerProperty, NoJobIsLostOrRunTwiceAndEachOwnersKeepTheirOrder, ()) {
    constexpr std::size_t bound = 10;
    Scheduler scheduler(bound);
    Model model;
    std::vector<Scheduler::Entry> pulled;
    const int steps = *rc::gen::inRange(0, 200);
    for (int step = 1; step <= steps; ++step) {
        const auto id = static_cast<JobId>(step);
        switch (*rc::gen::inRange(0, 6)) {
            case 0:
            case 1:
            case 2: {
                const auto entry = arbitrary_entry(id);
                const std::size_t before = model.waiting(entry.target).size();
                const auto position = scheduler.admit(entry);
                RC_ASSERT(position.has_value() == (before < bound));
                if (position) {
                    RC_ASSERT(*position == before + 1);
                    model.push(entry, false);
                }
                break;
            }
            case 3: {
                const Target target = *rc::gen::element(gemma, qwen);
                const auto got = scheduler.pull(target);
                RC_ASSERT(got.has_value() == !model.waiting(target).empty());
                if (got) {
                    model.pulled(*got, target);
                }
                break;
            }
            case 4: {
                const auto victim = static_cast<JobId>(*rc::gen::inRange(1, step + 1));
                RC_ASSERT(scheduler.remove(victim) == model.remove(victim));
                break;
            }
            default: {
                const auto entry = arbitrary_entry(id);
                scheduler.requeue(entry);
                model.push(entry, true);
            }
        }
        for (const Target& target : {gemma, qwen}) {
            const auto ids = scheduler.waiting_ids(target);
            RC_ASSERT(std::set<JobId>(ids.begin(), ids.end()) == model.waiting(target));
            RC_ASSERT(ids.size() == scheduler.waiting(target));
        }
        RC_ASSERT(scheduler.waiting() == model.size());
    }
}

RC_GTEST_PROP(SchedulerProperty, OwnersWithABacklogTakeStrictTurns, ()) {
    Scheduler scheduler(many);
    const auto owners = *rc::gen::inRange(1, 8);
    const auto jobs = *rc::gen::inRange(1, 20);
    JobId id = 0;
    std::map<JobId, int> owner_of;
    for (int owner = 0; owner < owners; ++owner) {
        for (int job = 0; job < jobs; ++job) {
            owner_of[++id] = owner;
            RC_ASSERT(scheduler.admit(entry(id, std::to_string(owner))).has_value());
        }
    }
    const auto order = pull_all(scheduler);
    RC_ASSERT(order.size() == owner_of.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        RC_ASSERT(owner_of.at(order[i]) == static_cast<int>(i) % owners);
    }
}

}  // namespace
}  // namespace threadrunner
