#include "tool/function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/tool_limits.h"

namespace threadrunner::tool {
namespace {

using testing::HasSubstr;
using wire::Json;

std::string fault(const Json& description) {
    const auto functions = functions_of("text", description);
    if (functions) {
        return "no fault";
    }
    EXPECT_EQ(functions.error().code, ErrorCode::not_supported);
    return functions.error().message;
}

TEST(Function, IsWhatAToolSaysOfItsOps) {
    const Json schema = {{"type", "object"}, {"properties", {{"path", {{"type", "string"}}}}}};
    const auto functions =
        functions_of("taglib", {{"ops",
                                 {{"read_tags", {{"summary", "Reads tags."}, {"args", schema}}},
                                  {"write_tags", {{"summary", "Writes tags."}, {"writes", true}}},
                                  {"describe", {{"summary", "What it can do."}}},
                                  {"batch", {{"summary", "Many at once."}}}}}});
    ASSERT_TRUE(functions) << functions.error().message;
    ASSERT_EQ(functions->size(), 2U);
    const Function& read = functions->front();
    EXPECT_EQ(read.name, "taglib_read_tags");
    EXPECT_EQ(read.tool, "taglib");
    EXPECT_EQ(read.op, "read_tags");
    EXPECT_EQ(read.summary, "Reads tags.");
    EXPECT_EQ(read.parameters, schema);
    EXPECT_FALSE(read.writes);
    const Function& write = functions->back();
    EXPECT_TRUE(write.writes);
    EXPECT_EQ(write.parameters, Json({{"type", "object"}}));
}

TEST(Function, IsRefusedWhereTheToolDescribesItBadly) {
    EXPECT_THAT(fault(Json::array()), HasSubstr("no object 'ops'"));
    EXPECT_THAT(fault({{"ops", Json::array()}}), HasSubstr("no object 'ops'"));
    EXPECT_THAT(fault({{"ops", {{"grep", 1}}}}), HasSubstr("'grep': it is not an object"));
    EXPECT_THAT(fault({{"ops", {{"grep", {{"summary", 1}}}}}}),
                HasSubstr("'grep': 'summary' must be a string"));
    EXPECT_THAT(fault({{"ops", {{"grep files", Json::object()}}}}),
                HasSubstr("'text_grep files' is no name"));
    EXPECT_THAT(fault({{"ops", {{std::string(60, 'x'), Json::object()}}}}),
                HasSubstr("64 at most"));
}

TEST(Function, OfAToolAreNotTooMany) {
    Json ops = Json::object();
    for (std::size_t i = 0; i <= limits::tool_functions_max; ++i) {
        ops["op" + std::to_string(i)] = Json::object();
    }
    EXPECT_THAT(fault({{"ops", std::move(ops)}}), HasSubstr("more than 64 ops"));
}

}  // namespace
}  // namespace threadrunner::tool
