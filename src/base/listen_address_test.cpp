#include "base/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> addresses(std::string_view text) {
    std::vector<std::string> out;
    const auto parsed = parse_listen_addresses(text);
    for (const ListenAddress& address : parsed.value()) {
        out.push_back(address.text());
    }
    return out;
}

TEST(ListenAddress, SeveralAddressesAreReadWithTheirPorts) {
    EXPECT_THAT(addresses("127.0.0.1:7717, [::1]:11434 ,0.0.0.0:0"),
                ElementsAre("127.0.0.1:7717", "[::1]:11434", "0.0.0.0:0"));
}

TEST(ListenAddress, APortAloneAndLocalhostAreThisMachine) {
    EXPECT_THAT(addresses("8080,localhost:8081"), ElementsAre("127.0.0.1:8080", "127.0.0.1:8081"));
}

TEST(ListenAddress, OffAndNothingListenNowhere) {
    EXPECT_THAT(addresses("off"), IsEmpty());
    EXPECT_THAT(addresses(" "), IsEmpty());
}

TEST(ListenAddress, WhatIsNoAddressIsRefusedWithWhatOneLooksLike) {
    for (const char* text : {"here", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "1.2.3:80",
                             "::1:7717", "[127.0.0.1]:80", "example.com:80", "127.0.0.1:80,,"}) {
        const auto parsed = parse_listen_addresses(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_THAT(parsed.error().message, HasSubstr("write 127.0.0.1:7717"));
    }
}

TEST(ListenAddress, OnlyLoopbackIsOfThisMachineAlone) {
    EXPECT_TRUE((ListenAddress{.host = "127.1.2.3"}.is_loopback()));
    EXPECT_TRUE((ListenAddress{.host = "::1"}.is_loopback()));
    EXPECT_FALSE((ListenAddress{.host = "0.0.0.0"}.is_loopback()));
    EXPECT_FALSE((ListenAddress{.host = "::"}.is_loopback()));
    EXPECT_FALSE((ListenAddress{.host = "192.168.1.2"}.is_loopback()));
}

}  // namespace
}  // namespace threadrunner
