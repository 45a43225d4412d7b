#include "door/http/bulletin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "base/limits.h"

namespace threadrunner::http {
namespace {

using testing::HasSubstr;
using testing::Not;

class BulletinTest : public testing::Test {
protected:
    /// What a follower has to read now.
    std::string heard(Bulletin::Follower& follower) {
        auto entries = boost::asio::co_spawn(loop_, follower.next(std::chrono::milliseconds(0)),
                                             boost::asio::use_future);
        loop_.restart();
        loop_.run();
        return entries.get();
    }

    boost::asio::io_context loop_;
    Bulletin bulletin_;
};

TEST_F(BulletinTest, WhoFollowsHearsWhatHappensFromThenOn) {
    bulletin_.tell("load", {{"target", "early"}});
    Bulletin::Follower follower(loop_.get_executor(), bulletin_, "");
    EXPECT_EQ(heard(follower), "");
    bulletin_.tell("load", {{"target", "engine:x"}});
    bulletin_.tell("ready", {{"target", "engine:x"}});
    EXPECT_EQ(heard(follower),
              "event: load\ndata: {\"target\":\"engine:x\"}\n\n"
              "event: ready\ndata: {\"target\":\"engine:x\"}\n\n");
    EXPECT_EQ(heard(follower), "");
}

TEST_F(BulletinTest, WhatIsAnothersIsNotHeard) {
    Bulletin::Follower mine(loop_.get_executor(), bulletin_, "me");
    Bulletin::Follower all(loop_.get_executor(), bulletin_, "");
    bulletin_.tell("job", {{"job", "j1"}}, "me");
    bulletin_.tell("job", {{"job", "j2"}}, "you");
    bulletin_.tell("load", {{"target", "x"}});
    const std::string told = heard(mine);
    EXPECT_THAT(told, HasSubstr("j1"));
    EXPECT_THAT(told, Not(HasSubstr("j2")));
    EXPECT_THAT(told, HasSubstr("load"));
    EXPECT_THAT(heard(all), HasSubstr("j2"));
}

TEST_F(BulletinTest, OneWhoDoesNotReadLosesTheOldestAndIsTold) {
    Bulletin::Follower follower(loop_.get_executor(), bulletin_, "");
    for (std::size_t n = 0; n < limits::http_bulletin_entries_max + 3; ++n) {
        bulletin_.tell("n", {{"n", n}});
    }
    const std::string told = heard(follower);
    EXPECT_THAT(told, testing::StartsWith(": 3 earlier events are lost"));
    EXPECT_THAT(told, Not(HasSubstr("{\"n\":2}")));
    EXPECT_THAT(told, HasSubstr("{\"n\":3}"));
}

}  // namespace
}  // namespace threadrunner::http
