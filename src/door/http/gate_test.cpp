#include "door/http/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_directory.h"

namespace threadrunner::http {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class GateTest : public testing::Test {
protected:
    Gate gate() { return {settings_, Keys::read(settings_).value()}; }

    static Request request(Via via, std::vector<Header> headers = {}) {
        Request out;
        out.method = "POST";
        out.via = via;
        out.headers = std::move(headers);
        out.session = "session:9";
        return out;
    }
    bool lets_in(Via via, std::vector<Header> headers) {
        return gate().check_source(request(via, std::move(headers))).has_value();
    }
    std::string owner(Via via, std::vector<Header> headers, Access access = Access::open) {
        const auto caller = gate().admit(request(via, std::move(headers)), access);
        return caller ? caller->owner + (caller->may_everything ? ", may everything" : "")
                      : std::string(traits(caller.error().code).name);
    }

    Settings settings_;
};

TEST_F(GateTest, APageWhoseNameWasReboundToThisMachineIsTurnedAway) {
    for (const char* host : {"evil.example", "evil.example:7717", "127.0.0.1.evil.example",
                             "localhost.evil.example", "192.168.1.7:7717", "", "[::2]:7717"}) {
        EXPECT_FALSE(lets_in(Via::loopback, {{"host", host}})) << host;
    }
    for (const char* host :
         {"localhost", "LOCALHOST:7717", "127.0.0.1:7717", "[::1]:7717", "chat.localhost:80"}) {
        EXPECT_TRUE(lets_in(Via::loopback, {{"host", host}})) << host;
    }
    settings_.http_hosts = "box.lan, other";
    EXPECT_TRUE(lets_in(Via::loopback, {{"host", "Box.LAN:7717"}}));
    EXPECT_FALSE(lets_in(Via::loopback, {{"host", "lan"}}));
}

TEST_F(GateTest, FromTheNetworkAnAddressIsAsGoodAsAName) {
    EXPECT_TRUE(lets_in(Via::network, {{"host", "192.168.1.7:7717"}}));
    EXPECT_FALSE(lets_in(Via::network, {{"host", "evil.example"}}));
}

TEST_F(GateTest, ForeignPagesAreTurnedAwayUnlessListed) {
    const Header host = {"host", "localhost:7717"};
    EXPECT_TRUE(lets_in(Via::loopback, {host, {"origin", "http://localhost:7717"}}));
    for (const char* origin : {"https://evil.example", "null", "http://localhost:8080"}) {
        EXPECT_FALSE(lets_in(Via::loopback, {host, {"origin", origin}})) << origin;
    }
    settings_.http_origins = "https://chat.example";
    EXPECT_TRUE(lets_in(Via::loopback, {host, {"origin", "https://chat.example"}}));
    EXPECT_FALSE(lets_in(Via::loopback, {host, {"origin", "https://chat.example.evil"}}));
    settings_.http_origins = "*";
    EXPECT_TRUE(lets_in(Via::loopback, {host, {"origin", "null"}}));
}

TEST_F(GateTest, OnlyListedPagesMayReadAnswers) {
    const Request foreign = request(Via::loopback, {{"origin", "https://chat.example"}});
    EXPECT_THAT(gate().cross_origin_headers(foreign), IsEmpty());
    settings_.http_origins = "https://chat.example";
    const auto headers = gate().cross_origin_headers(foreign);
    EXPECT_EQ(header_value(headers, "access-control-allow-origin"), "https://chat.example");
    EXPECT_EQ(header_value(headers, "vary"), "origin");
}

TEST_F(GateTest, APreflightIsToldWhatItAskedFor) {
    settings_.http_origins = "*";
    Request preflight = request(Via::loopback, {{"origin", "https://chat.example"},
                                                {"access-control-request-method", "POST"},
                                                {"access-control-request-headers", "x-progress"}});
    preflight.method = "OPTIONS";
    const auto headers = gate().cross_origin_headers(preflight);
    EXPECT_EQ(header_value(headers, "access-control-allow-methods"), "POST");
    EXPECT_EQ(header_value(headers, "access-control-allow-headers"), "x-progress");
}

TEST_F(GateTest, KeysNameTheOwnerInEitherHeader) {
    settings_.http_keys = "alice:secret-a, bob:secret-b";
    EXPECT_EQ(owner(Via::network, {{"authorization", "Bearer secret-b"}}),
              "key:bob, may everything");
    EXPECT_EQ(owner(Via::network, {{"authorization", "bearer secret-a"}}),
              "key:alice, may everything");
    EXPECT_EQ(owner(Via::network, {{"x-api-key", "secret-a"}}), "key:alice, may everything");
    for (const char* wrong : {"secret-", "secret-c", "alice:secret-a", ""}) {
        EXPECT_EQ(owner(Via::network, {{"x-api-key", wrong}}), "unauthorized") << wrong;
    }
}

TEST_F(GateTest, OnThisMachineAnswersNeedNoKeyAndTheRestDoes) {
    EXPECT_EQ(owner(Via::loopback, {}), "http");
    EXPECT_EQ(owner(Via::loopback, {{"authorization", "Bearer none-of-ours"}}), "http");
    EXPECT_EQ(owner(Via::loopback, {}, Access::key), "unauthorized");
    EXPECT_EQ(owner(Via::network, {}), "unauthorized");
}

TEST_F(GateTest, TheUnixSocketIsOurOwnUsersAndNeedsNoKey) {
    EXPECT_EQ(owner(Via::unix_socket, {}, Access::key), "session:9, may everything");
    EXPECT_TRUE(lets_in(Via::unix_socket, {{"host", "whatever"}}));
}

TEST(Keys, AreReadFromAFileThatOnlyItsOwnerMayRead) {
    const ScratchDirectory folder;
    Settings settings;
    const auto file = folder.write("keys", "# mine\nalice:a b\n");
    settings.http_key_file = file.string();
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    EXPECT_THAT(Keys::read(settings).error().message, HasSubstr("entry 1: a key is written"));
    folder.write("keys", "# mine\n\nalice:abc\r\nbob:x:y\n");
    const auto keys = Keys::read(settings);
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(*keys->owner_of("abc"), "alice");
    EXPECT_EQ(*keys->owner_of("x:y"), "bob");
    EXPECT_EQ(keys->owner_of("ab"), nullptr);
    std::filesystem::permissions(file, std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
    EXPECT_THAT(Keys::read(settings).error().message, HasSubstr("chmod 600"));
}

TEST(Keys, AMistakeIsToldWithoutTheKey) {
    Settings settings;
    settings.http_keys = "alice:abc,verysecret";
    const auto keys = Keys::read(settings);
    ASSERT_FALSE(keys);
    EXPECT_THAT(keys.error().message, HasSubstr("entry 2"));
    EXPECT_THAT(keys.error().message, testing::Not(HasSubstr("verysecret")));
}

}  // namespace
}  // namespace threadrunner::http
