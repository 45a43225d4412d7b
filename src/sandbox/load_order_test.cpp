#include "sandbox/load_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::sandbox {
namespace {

using testing::HasSubstr;
using wire::Json;

Json order() { return {{"op", "load"}, {"id", 1}, {"module", "/tools/a.wasm"}}; }

Json with(const char* member, Json value) {
    Json frame = order();
    frame[member] = std::move(value);
    return frame;
}

std::string fault(const Json& frame) {
    const auto read = read_load_order(frame);
    EXPECT_TRUE(read || read.error().code == ErrorCode::invalid_request);
    return read ? "" : read.error().message;
}

TEST(LoadOrder, WithoutMoreAModuleGetsNothing) {
    const auto read = read_load_order(order());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->module, "/tools/a.wasm");
    EXPECT_EQ(read->memory_mib, limits::sandbox_memory_mib_default);
    EXPECT_TRUE(read->grants.empty() && read->variables.empty() && read->arguments.empty());
    EXPECT_TRUE(read->cache.empty());
}

TEST(LoadOrder, HasWhatTheFrameNames) {
    Json frame = order();
    frame["preopens"] = {{{"host", "/home/a"}, {"guest", "/a"}, {"mode", "ro"}},
                         {{"host", "/home/b"}, {"guest", "/b"}, {"mode", "rw"}}};
    frame["memory_mib"] = 64;
    frame["env"] = {{"LANG", "C"}};
    frame["args"] = {"-v", ""};
    frame["cache"] = "/cache";
    const auto read = read_load_order(frame);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->grants.size(), 2U);
    EXPECT_EQ(read->grants[0].host, "/home/a");
    EXPECT_FALSE(read->grants[0].writable);
    EXPECT_EQ(read->grants[1].guest, "/b");
    EXPECT_TRUE(read->grants[1].writable);
    EXPECT_EQ(read->memory_mib, 64);
    EXPECT_EQ(read->variables.front(), std::pair(std::string("LANG"), std::string("C")));
    EXPECT_EQ(read->arguments, (std::vector<std::string>{"-v", ""}));
    EXPECT_EQ(read->cache, "/cache");
}

TEST(LoadOrder, WhatCannotBeMeantIsRefusedByName) {
    EXPECT_THAT(fault(Json::array()), HasSubstr("not an object"));
    EXPECT_THAT(fault({{"op", "load"}}), HasSubstr("lacks 'module'"));
    EXPECT_THAT(fault(with("module", "a.wasm")), HasSubstr("absolute path"));
    EXPECT_THAT(fault(with("module", std::string("/a\0b", 4))), HasSubstr("zero byte"));
    EXPECT_THAT(fault(with("module", "/" + std::string(5000, 'a'))), HasSubstr("longer than"));
    EXPECT_THAT(fault(with("memory_mib", 0)), HasSubstr("memory_mib"));
    EXPECT_THAT(fault(with("memory_mib", 4097)), HasSubstr("memory_mib"));
    EXPECT_THAT(fault(with("cache", "here")), HasSubstr("'cache'"));
    EXPECT_THAT(fault(with("preopens", {{"host", "/a"}})), HasSubstr("'preopens'"));
    EXPECT_THAT(fault(with("preopens", {{{"host", "/a"}, {"mode", "ro"}}})), HasSubstr("'guest'"));
    EXPECT_THAT(fault(with("preopens", {{{"host", "/a"}, {"guest", "a"}, {"mode", "ro"}}})),
                HasSubstr("absolute path"));
    EXPECT_THAT(fault(with("env", {"A=B"})), HasSubstr("'env'"));
    EXPECT_THAT(fault(with("env", {{"", "b"}})), HasSubstr("'env'"));
    EXPECT_THAT(fault(with("env", {{"A", 1}})), HasSubstr("'env'"));
    EXPECT_THAT(fault(with("args", Json(std::vector<std::string>(257, "a")))),
                HasSubstr("more than 256"));
}

}  // namespace
}  // namespace threadrunner::sandbox
