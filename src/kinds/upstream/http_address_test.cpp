#include "kinds/upstream/http_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner {
namespace {

using testing::HasSubstr;

std::string read(std::string_view url) {
    const auto address = parse_http_address(url);
    return address ? address->url() : address.error().message;
}

TEST(HttpAddress, IsReadAsPeopleWriteIt) {
    EXPECT_EQ(read("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
    EXPECT_EQ(read("http://localhost"), "http://localhost:80");
    EXPECT_EQ(read("http://[::1]:8080/"), "http://[::1]:8080");
    EXPECT_EQ(read("http://gpu-box.local:1/api/"), "http://gpu-box.local:1/api");
}

TEST(HttpAddress, AUrlForOpenAisClientsLeadsToTheSamePlace) {
    EXPECT_EQ(read("http://127.0.0.1:8080/v1"), "http://127.0.0.1:8080");
    EXPECT_EQ(read("http://127.0.0.1:8080/api/v1/"), "http://127.0.0.1:8080/api");
    EXPECT_EQ(read("http://127.0.0.1:8080/api//v1"), "http://127.0.0.1:8080/api");
    EXPECT_EQ(read("http://127.0.0.1:8080/v1/v1"), "http://127.0.0.1:8080");
}

TEST(HttpAddress, WhatCannotBeMeantIsRefusedWithTheRemedy) {
    for (const char* url :
         {"", "127.0.0.1:8080", "ftp://x", "http://", "http://:80", "http://x:", "http://x:0",
          "http://x:65536", "http://x:8o", "http://x y", "http://[::1", "http://[x]:1",
          "http://x:1/a b", "http://x:1/a?b=c", "http://x:1/a#b", "http://x\r\nHost: y"}) {
        EXPECT_THAT(read(url), HasSubstr("write http://HOST:PORT")) << url;
    }
}

TEST(HttpAddress, EncryptionIsRefusedByNameAndNotLeftOut) {
    const auto address = parse_http_address("https://example.com");
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code, ErrorCode::not_supported);
    EXPECT_THAT(address.error().message, HasSubstr("proxy"));
}

TEST(HttpAddress, AKeyInAUrlIsRefusedAndNotRepeated) {
    EXPECT_THAT(read("http://me:secret@x"), HasSubstr("upstream.key_file"));
    EXPECT_THAT(read("http://me:secret@x"), testing::Not(HasSubstr("secret@")));
}

}  // namespace
}  // namespace threadrunner
