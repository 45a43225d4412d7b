#include "cli/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "cli/answer_view.h"
#include "cli/fake_daemon.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;

/// A conversation with a daemon that a test plays in a thread, its stdout a pipe.
class ConversationTest : public testing::Test {
protected:
    ConversationTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        stdout_reader_.reset(ends[0]);
        stdout_writer_.reset(ends[1]);
        InterruptScope::install();
        ::signal(SIGPIPE, SIG_IGN);
    }

    Result<Ending> converse(const std::function<void()>& daemon, Waits waits = {}) {
        UniqueFd client = daemon_.take_client();
        const std::jthread other_side(daemon);  // joined only after the connection has closed
        Connection connection(std::move(client));
        Console console(stdout_writer_.get(), stdout_writer_.get());
        AnswerView view(console.screen(), Terminal{}, Clock::now());
        auto ending = Conversation(connection, console, view).run({{"id", 1}}, waits);
        EXPECT_TRUE(console.reader_left() || console.flush().has_value());
        return ending;
    }

    std::string printed() {
        stdout_writer_.reset();
        std::string out;
        std::array<char, 4096> buffer{};
        for (ssize_t size = 0;
             (size = ::read(stdout_reader_.get(), buffer.data(), buffer.size())) > 0;) {
            out.append(buffer.data(), static_cast<std::size_t>(size));
        }
        return out;
    }

    FakeDaemon daemon_;
    UniqueFd stdout_reader_;
    UniqueFd stdout_writer_;
};

TEST_F(ConversationTest, TokensArePrintedUntilTheJobIsDone) {
    const auto ending = converse([&] {
        daemon_.next_request();
        daemon_.say_event({{"ev", "accepted"}, {"job", "j1"}});
        daemon_.say_event({{"ev", "token"}, {"text", "Hello"}});
        daemon_.say_event({{"ev", "done"}, {"reason", "stop"}});
    });
    ASSERT_TRUE(ending.has_value());
    EXPECT_EQ(ending->how, Ending::How::done);
    EXPECT_EQ(printed(), "Hello\n");
}

TEST_F(ConversationTest, EventsOfAnotherRequestAreNotShown) {
    const auto ending = converse([&] {
        daemon_.next_request();
        daemon_.say({{"v", 2}, {"id", 7}, {"ev", "token"}, {"text", "stranger"}});
        daemon_.say({{"v", 2}, {"id", 7}, {"ev", "done"}, {"reason", "stop"}});
        daemon_.say_event({{"ev", "token"}, {"text", "mine"}});
        daemon_.say_event({{"ev", "done"}, {"reason", "stop"}});
    });
    ASSERT_TRUE(ending.has_value());
    EXPECT_EQ(printed(), "mine\n");
}

TEST_F(ConversationTest, AnErrorKeepsWhatWasSaidAndItsCode) {
    const auto ending = converse([&] {
        daemon_.next_request();
        daemon_.say_event({{"ev", "token"}, {"text", "half"}});
        daemon_.say_event({{"ev", "error"}, {"code", "worker_crashed"}, {"message", "it fell"}});
    });
    ASSERT_FALSE(ending.has_value());
    EXPECT_EQ(ending.error().code, ErrorCode::worker_crashed);
    EXPECT_EQ(ending.error().message, "it fell");
    EXPECT_EQ(printed(), "half\n");
}

TEST_F(ConversationTest, ADaemonThatVanishesMidAnswerIsAConnectionError) {
    const auto ending = converse([&] {
        daemon_.next_request();
        daemon_.say_event({{"ev", "token"}, {"text", "half"}});
        daemon_.close();
    });
    ASSERT_FALSE(ending.has_value());
    EXPECT_EQ(traits(ending.error().code).exit_code, ExitCode::connection);
    EXPECT_EQ(printed(), "half\n");
}

TEST_F(ConversationTest, ADaemonThatNeverAnswersIsATimeout) {
    const auto ending = converse([] {}, Waits{.first_answer = std::chrono::milliseconds(30)});
    ASSERT_FALSE(ending.has_value());
    EXPECT_EQ(traits(ending.error().code).exit_code, ExitCode::timeout);
    EXPECT_THAT(ending.error().message, HasSubstr("does not answer"));
}

TEST_F(ConversationTest, ADaemonThatForgetsTheDeadlineDoesNotHoldTheUser) {
    const auto ending = converse(
        [&] {
            daemon_.next_request();
            daemon_.say_event({{"ev", "accepted"}, {"job", "j1"}});
            EXPECT_EQ(daemon_.next_request(), nullptr);
        },
        Waits{.until = Clock::now() - limits::deadline_grace + std::chrono::milliseconds(50)});
    ASSERT_FALSE(ending.has_value());
    EXPECT_EQ(ending.error().code, ErrorCode::timeout);
}

TEST_F(ConversationTest, CtrlCCancelsTheJobAndWaitsForItsEnd) {
    wire::Json cancel;
    const auto ending = converse([&] {
        daemon_.next_request();
        daemon_.say_event({{"ev", "accepted"}, {"job", "j9"}});
        daemon_.say_event({{"ev", "token"}, {"text", "one"}});
        // Only once the job's id has been read can it be cancelled: the token shows that.
        std::array<char, 3> seen{};
        EXPECT_EQ(::read(stdout_reader_.get(), seen.data(), seen.size()), 3);
        ::kill(::getpid(), SIGINT);
        cancel = daemon_.next_request();
        daemon_.say_event({{"ev", "done"}, {"reason", "cancelled"}});
    });
    ASSERT_TRUE(ending.has_value());
    EXPECT_EQ(ending->how, Ending::How::interrupted);
    EXPECT_EQ(cancel, (wire::Json{{"v", 2}, {"id", 2}, {"op", "cancel"}, {"job", "j9"}}));
}

TEST_F(ConversationTest, CtrlCBeforeTheJobIsKnownEndsAtOnce) {
    const auto ending = converse([&] {
        daemon_.next_request();
        ::kill(::getpid(), SIGINT);
        EXPECT_EQ(daemon_.next_request(), nullptr);
    });
    ASSERT_TRUE(ending.has_value());
    EXPECT_EQ(ending->how, Ending::How::interrupted);
}

TEST_F(ConversationTest, AReaderThatLeavesEndsTheJobEvenWhileNothingIsPrinted) {
    const auto ending = converse([&] {
        daemon_.next_request();
        daemon_.say_event({{"ev", "accepted"}, {"job", "j1"}});
        stdout_reader_.reset();
        EXPECT_EQ(daemon_.next_request(), nullptr);
    });
    ASSERT_TRUE(ending.has_value());
    EXPECT_EQ(ending->how, Ending::How::reader_left);
}

TEST_F(ConversationTest, AReaderThatPausesGetsTheWholeAnswer) {
    const std::string word(1000, 'x');
    constexpr int words = 2000;
    std::string read_later;
    const auto ending = converse([&] {
        daemon_.next_request();
        for (int i = 0; i < words; ++i) {
            daemon_.say_event({{"ev", "token"}, {"text", word}});
        }
        daemon_.say_event({{"ev", "done"}, {"reason", "stop"}});
        // All of it was sent while nobody read: 2 MB are far more than a pipe and a socket hold.
        std::array<char, 65536> buffer{};
        while (read_later.size() < words * word.size()) {
            const ssize_t size = ::read(stdout_reader_.get(), buffer.data(), buffer.size());
            ASSERT_GT(size, 0);
            read_later.append(buffer.data(), static_cast<std::size_t>(size));
        }
    });
    ASSERT_TRUE(ending.has_value());
    EXPECT_EQ(read_later.size() + printed().size(), words * word.size() + 1);
}

}  // namespace
}  // namespace threadrunner::cli
