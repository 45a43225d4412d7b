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

TEST_F(GateTest, ForeignPagesCannotHaveThingsFetchedUnseen) {
    const Header host = {"host", "localhost:7717"};
    for (const char* site : {"cross-site", "same-site"}) {
        EXPECT_FALSE(lets_in(Via::loopback, {host, {"sec-fetch-site", site}})) << site;
    }
    for (const char* site : {"same-origin", "none"}) {
        EXPECT_TRUE(lets_in(Via::loopback, {host, {"sec-fetch-site", site}})) << site;
    }
    settings_.http_origins = "https://chat.example";
    EXPECT_TRUE(
        lets_in(Via::loopback,
                {host, {"sec-fetch-site", "cross-site"}, {"origin", "https://chat.example"}}));
    Request link = request(Via::loopback, {host, {"sec-fetch-site", "cross-site"}});
    link.method = "GET";
    link.path = "/";
    EXPECT_TRUE(gate().check_source(link)) << "a link to the page is as good as its address";
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

/// The page in its browser: what GET / gave it, and what a browser adds.
class GateOfThePage : public GateTest {
protected:
    GateOfThePage() {
        Request page = request(Via::loopback, {{"host", "127.0.0.1:7717"}});
        page.method = "GET";
        page.path = "/";
        page.own_user = true;
        asks_for_page_ = page;
    }

    /// Who may read the log by the cookie that somebody got who is not always the one who shows it.
    std::string reader(const std::vector<Header>& more, bool own_user = true,
                       Via via = Via::loopback) {
        const auto given = gate_.page_headers(asks_for_page_);
        const std::string_view cookie = header_value(given, "set-cookie");
        Request out = asks_for_page_;
        out.path = "/logs";
        out.via = via;
        out.own_user = own_user;
        out.headers.emplace_back("cookie",
                                 "a=b; " + std::string(cookie.substr(0, cookie.find(';'))));
        out.headers.insert(out.headers.end(), more.begin(), more.end());
        const auto caller = gate_.admit(out, Access::key);
        return caller ? caller->owner : std::string(traits(caller.error().code).name);
    }
    [[nodiscard]] bool gets_cookie(const Request& request) const {
        return !gate_.page_headers(request).empty();
    }

    Gate gate_{settings_, Keys()};
    Request asks_for_page_;
};

TEST_F(GateOfThePage, MayWhatElseNeedsAKey) {
    EXPECT_EQ(reader({{"sec-fetch-site", "same-origin"}}), "page");
    EXPECT_EQ(reader({{"origin", "http://127.0.0.1:7717"}}), "page");
}

TEST_F(GateOfThePage, ItsCookieIsOfNoUseToOtherPagesAndOtherUsers) {
    EXPECT_EQ(reader({}), "unauthorized");
    EXPECT_EQ(reader({{"sec-fetch-site", "same-site"}}), "unauthorized");
    EXPECT_EQ(reader({{"sec-fetch-site", "cross-site"}, {"origin", "http://127.0.0.1:7717"}}),
              "unauthorized");
    EXPECT_EQ(reader({{"origin", "http://127.0.0.1:8080"}}), "unauthorized");
    const Header same = {"sec-fetch-site", "same-origin"};
    EXPECT_EQ(reader({same}, false), "unauthorized");
    EXPECT_EQ(reader({same}, true, Via::network), "unauthorized");
}

TEST_F(GateOfThePage, TheCookieIsGivenToOurOwnUserOnThisMachineAlone) {
    EXPECT_TRUE(gets_cookie(asks_for_page_));
    Request other = asks_for_page_;
    other.own_user = false;
    EXPECT_FALSE(gets_cookie(other));
    other = asks_for_page_;
    other.via = Via::network;
    EXPECT_FALSE(gets_cookie(other));
    other = asks_for_page_;
    other.path = "/health";
    EXPECT_FALSE(gets_cookie(other));
    other = asks_for_page_;
    other.headers = {{"host", "rebound.example:7717"}};
    EXPECT_FALSE(gets_cookie(other));
}

TEST_F(GateOfThePage, TwoDaemonsOfAMachineHaveCookiesOfTheirOwn) {
    const Gate other(settings_, Keys());
    Request asks_other = asks_for_page_;
    asks_other.headers = {{"host", "127.0.0.1:7718"}};
    const auto name = [](const std::vector<Header>& headers) {
        const std::string_view cookie = header_value(headers, "set-cookie");
        return std::string(cookie.substr(0, cookie.find('=')));
    };
    EXPECT_EQ(name(gate_.page_headers(asks_for_page_)), "threadrunner-7717");
    EXPECT_EQ(name(other.page_headers(asks_other)), "threadrunner-7718");
    EXPECT_NE(header_value(gate_.page_headers(asks_for_page_), "set-cookie"),
              header_value(other.page_headers(asks_for_page_), "set-cookie"));
}

TEST_F(GateOfThePage, ItsFilesAreForAnyoneWhoIsToBeAskedForAKey) {
    EXPECT_EQ(owner(Via::network, {}, Access::anyone), "http");
    EXPECT_EQ(owner(Via::network, {}, Access::open), "unauthorized");
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
