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
        Consent consent(console.screen(), std::move(keyboard_));
        auto ending = Conversation(connection, console, view, consent).run({{"id", 1}}, waits);
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

    /// From now on a person can be asked: what is written to the descriptor is what is typed.
    UniqueFd person() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
        keyboard_.reset(ends[0]);
        return UniqueFd(ends[1]);
    }

    /// What has been printed up to a text that is to come.
    std::string printed_until(std::string_view wanted) {
        std::string out;
        for (char c = 0; !out.ends_with(wanted) && ::read(stdout_reader_.get(), &c, 1) == 1;) {
            out += c;
        }
        return out;
    }

    void say_tool(const char* call, const char* state) {
        daemon_.say_event({{"ev", "tool"},
                           {"call", call},
                           {"name", "taglib_write_tags"},
                           {"state", state},
                           {"arguments", {{"path", "/a.mp3"}}}});
    }

    FakeDaemon daemon_;
    UniqueFd keyboard_;
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

constexpr std::string_view question = "taglib_write_tags path=/a.mp3: allow? [y]es, [n]o, [a]ll ";

wire::Json permission(int id, const char* call, bool allow) {
    return {{"v", 2},      {"id", id},     {"op", "permit"},
            {"job", "j1"}, {"call", call}, {"allow", allow}};
}

TEST_F(ConversationTest, APersonIsAskedBeforeAToolWritesAndTheAnswerGoesOn) {
    const UniqueFd keys = person();
    const auto ending = converse([&] {
        daemon_.next_request();
        daemon_.say_event({{"ev", "accepted"}, {"job", "j1"}});
        say_tool("c1", "asks");
        EXPECT_EQ(printed_until(question), question);
        EXPECT_EQ(::write(keys.get(), "y\n", 2), 2);
        EXPECT_EQ(daemon_.next_request(), permission(2, "c1", true));
        daemon_.say({{"v", 2}, {"id", 2}, {"seq", 1}, {"ev", "accepted"}, {"job", "j2"}});
        daemon_.say({{"v", 2}, {"id", 2}, {"seq", 2}, {"ev", "done"}, {"reason", "stop"}});
        say_tool("c2", "asks");
        EXPECT_EQ(printed_until(question), question);
        EXPECT_EQ(::write(keys.get(), "n\n", 2), 2);
        EXPECT_EQ(daemon_.next_request(), permission(3, "c2", false));
        daemon_.say_event({{"ev", "token"}, {"text", "Good."}});
        daemon_.say_event({{"ev", "done"}, {"reason", "stop"}});
    });
    ASSERT_TRUE(ending.has_value());
    EXPECT_EQ(ending->how, Ending::How::done);
    EXPECT_EQ(printed(), "Good.\n");
}

TEST_F(ConversationTest, AllAnswersWhatIsAskedLater) {
    const UniqueFd keys = person();
    const auto ending = converse([&] {
        daemon_.next_request();
        daemon_.say_event({{"ev", "accepted"}, {"job", "j1"}});
        say_tool("c1", "asks");
        EXPECT_EQ(printed_until(question), question);
        EXPECT_EQ(::write(keys.get(), "all\n", 4), 4);
        EXPECT_EQ(daemon_.next_request(), permission(2, "c1", true));
        say_tool("c2", "asks");
        EXPECT_EQ(daemon_.next_request(), permission(3, "c2", true));
        daemon_.say_event({{"ev", "done"}, {"reason", "stop"}});
    });
    ASSERT_TRUE(ending.has_value());
    EXPECT_EQ(printed(), "");
}

TEST_F(ConversationTest, AQuestionThatIsNoLongerOneIsTakenBack) {
    const UniqueFd keys = person();
    const auto ending = converse([&] {
        daemon_.next_request();
        daemon_.say_event({{"ev", "accepted"}, {"job", "j1"}});
        say_tool("c1", "asks");
        EXPECT_EQ(printed_until(question), question);
        say_tool("c1", "refused");
        EXPECT_EQ(printed_until("\n"), "\n");
        daemon_.say_event({{"ev", "token"}, {"text", "Well."}});
        EXPECT_EQ(printed_until("Well."), "Well.");
        EXPECT_EQ(::write(keys.get(), "y\n", 2), 2);
        daemon_.say_event({{"ev", "done"}, {"reason", "stop"}});
        EXPECT_EQ(daemon_.next_request(), nullptr);
    });
    ASSERT_TRUE(ending.has_value());
}

TEST_F(ConversationTest, CtrlCWorksWhileAPersonIsAsked) {
    const UniqueFd keys = person();
    const auto interrupted = converse([&] {
        daemon_.next_request();
        daemon_.say_event({{"ev", "accepted"}, {"job", "j1"}});
        say_tool("c1", "asks");
        EXPECT_EQ(printed_until(question), question);
        ::kill(::getpid(), SIGINT);
        EXPECT_EQ(daemon_.next_request()["op"], "cancel");
        daemon_.say_event({{"ev", "done"}, {"reason", "cancelled"}});
    });
    ASSERT_TRUE(interrupted.has_value());
    EXPECT_EQ(interrupted->how, Ending::How::interrupted);
    EXPECT_EQ(printed(), "\n") << "the question's line is left";
}

TEST_F(ConversationTest, ADeadlineEndsAQuestion) {
    const UniqueFd keys = person();
    const auto late = converse(
        [&] {
            daemon_.next_request();
            daemon_.say_event({{"ev", "accepted"}, {"job", "j1"}});
            say_tool("c1", "asks");
            EXPECT_EQ(daemon_.next_request(), nullptr);
        },
        Waits{.until = Clock::now() - limits::deadline_grace + std::chrono::milliseconds(50)});
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().code, ErrorCode::timeout);
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
