#include "pull/order.h"

#include <gtest/gtest.h>

namespace threadrunner::pull {
namespace {

wire::Json frame() {
    return {{"op", "load"},     {"source", "s"},  {"url", "https://h/m.gguf"},
            {"folder", "/m"},   {"work", "/m/w"}, {"connect_ms", 1},
            {"stall_ms", 2},    {"retry_ms", 3},  {"wait_ms", 4},
            {"limit_bytes", 5}, {"attempts", 6}};
}

TEST(Order, SaysWhatToFetchAndHow) {
    const auto order = read_order(frame());
    ASSERT_TRUE(order) << order.error().message;
    EXPECT_EQ(order->url, "https://h/m.gguf");
    EXPECT_EQ(order->stall.count(), 2);
    EXPECT_EQ(order->limit_bytes, 5);
    EXPECT_EQ(order->attempts, 6);
}

TEST(Order, OneWithoutAnAddressOrWithTwoIsRefused) {
    wire::Json none = frame();
    none.erase("url");
    EXPECT_FALSE(read_order(none));
    none["repository"] = "o/n";
    EXPECT_FALSE(read_order(none)) << "a repository is of a hub";
    none["endpoint"] = "https://h";
    EXPECT_TRUE(read_order(none));
    none["url"] = "https://h/m.gguf";
    EXPECT_FALSE(read_order(none));
    wire::Json lacking = frame();
    lacking.erase("stall_ms");
    EXPECT_FALSE(read_order(lacking));
}

}  // namespace
}  // namespace threadrunner::pull
