#include "cli/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

#include "cli/fake_daemon.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;

class ConnectionTest : public testing::Test {
protected:
    FakeDaemon daemon_;
    Connection connection_{daemon_.take_client()};
    const wire::Json token_ = {{"v", 2}, {"id", 1}, {"seq", 2}, {"ev", "token"}, {"text", "hi"}};
};

TEST_F(ConnectionTest, AnEventThatArrivesByteByByteIsTheSameEvent) {
    const std::string frame = FakeDaemon::framed(token_);
    for (std::size_t i = 0; i + 1 < frame.size(); ++i) {
        daemon_.send_bytes(frame.substr(i, 1));
        connection_.receive();
        const auto none = connection_.next();
        ASSERT_TRUE(none.has_value());
        ASSERT_FALSE(none->has_value());
    }
    daemon_.send_bytes(frame.substr(frame.size() - 1));
    connection_.receive();
    const auto message = connection_.next();
    ASSERT_TRUE(message.has_value() && message->has_value());
    EXPECT_EQ((*message)->id, 1);
    EXPECT_EQ(std::get<event::Token>((*message)->event).text, "hi");
    EXPECT_EQ((*message)->document, wire::encode_json(token_));
}

TEST_F(ConnectionTest, EventsBeforeTheEndOfTheConnectionAreNotLost) {
    daemon_.say(token_);
    daemon_.close();
    connection_.receive();
    connection_.receive();
    const auto message = connection_.next();
    ASSERT_TRUE(message.has_value() && message->has_value());
    EXPECT_EQ(connection_.next().error().code, ErrorCode::unreachable);
}

TEST_F(ConnectionTest, ADaemonThatDiesMidFrameIsAConnectionErrorWithARemedy) {
    daemon_.send_bytes(FakeDaemon::framed(token_).substr(0, 9));
    daemon_.close();
    connection_.receive();
    connection_.receive();
    const auto message = connection_.next();
    ASSERT_FALSE(message.has_value());
    EXPECT_EQ(message.error().code, ErrorCode::unreachable);
    EXPECT_THAT(message.error().message, HasSubstr("threadrunner logs"));
}

TEST_F(ConnectionTest, AnErrorInTheShapeOfV1IsThatError) {
    daemon_.say({{"error", "too deep"}, {"error_type", "Protocol"}});
    daemon_.say({{"error", "no model"}, {"error_type", "ModelLoad"}});
    daemon_.say({{"error", "too late"}, {"error_type", "Timeout"}});
    connection_.receive();
    const Error first = connection_.next().error();
    EXPECT_EQ(first.code, ErrorCode::invalid_request);
    EXPECT_EQ(first.message, "too deep");
    EXPECT_EQ(traits(connection_.next().error().code).exit_code, ExitCode::model);
    EXPECT_EQ(traits(connection_.next().error().code).exit_code, ExitCode::timeout);
}

TEST_F(ConnectionTest, NonsenseIsAnErrorAndNoCrash) {
    for (const std::string nonsense :
         {"[]", "7", "{}", "not JSON", "{\"ev\":\"dance\"}", "{\"ev\":\"token\",\"text\":7}"}) {
        std::string frame;
        wire::append_frame(frame, nonsense);
        daemon_.send_bytes(frame);
        connection_.receive();
        const auto message = connection_.next();
        ASSERT_FALSE(message.has_value()) << nonsense;
        EXPECT_EQ(message.error().code, ErrorCode::internal) << nonsense;
    }
}

TEST_F(ConnectionTest, AFrameThatAnnouncesGigabytesIsRefused) {
    daemon_.send_bytes("\xFF\xFF\xFF\xFF");
    connection_.receive();
    EXPECT_FALSE(connection_.next().has_value());
}

TEST_F(ConnectionTest, ARequestThatNobodyReadsDoesNotHang) {
    const wire::Json large = {{"prompt", std::string(8 * limits::mib, 'x')}};
    const auto sent = connection_.send(large, Clock::now() + std::chrono::milliseconds(20));
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().code, ErrorCode::timeout);
}

TEST_F(ConnectionTest, ARequestAboveTheLimitIsRefusedBeforeItIsSent) {
    const wire::Json large = {{"prompt", std::string(limits::socket_frame_bytes_max, 'x')}};
    EXPECT_EQ(connection_.send(large, Clock::now()).error().code, ErrorCode::too_large);
}

TEST_F(ConnectionTest, WhatTheDaemonSaidBeforeItHungUpExplainsTheFailedRequest) {
    daemon_.say({{"error", "version 9 is not spoken here"}, {"error_type", "Protocol"}});
    daemon_.close();
    ASSERT_TRUE(connection_.send(token_, Clock::now() + std::chrono::seconds(10)).has_value());
    connection_.receive();
    EXPECT_EQ(connection_.next().error().message, "version 9 is not spoken here");
}

}  // namespace
}  // namespace threadrunner::cli
