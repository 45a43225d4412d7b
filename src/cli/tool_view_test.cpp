#include "cli/tool_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;
using wire::Json;

TEST(ToolView, GivesCompletionTheNamesOfThoseThatWork) {
    const Json result = {
        {"tools", {{{"name", "mine"}, {"error", "no module"}}, {{"name", "a"}}, {{"name", "b"}}}}};
    EXPECT_EQ(tool_names(result), "a\nb\n");
}

TEST(ToolView, ListsToolsAndWhatTheyMayTouch) {
    const Json result = {{"tools",
                          {{{"name", "mine"}, {"error", "tool.toml:3: a manifest has no 'x'"}},
                           {{"name", "taglib"},
                            {"shipped", true},
                            {"memory_mib", 128U},
                            {"deadline_ms", 30000U},
                            {"instances", 1U},
                            {"preopens",
                             {{{"guest", "/b"}, {"host", "/books"}, {"mode", "ro"}},
                              {{"guest", "/m"}, {"host", "/music"}, {"mode", "rw"}}}}}}}};
    EXPECT_EQ(tools_table(result),
              "TOOL    FROM     MEMORY   DEADLINE  INSTANCES  MAY TOUCH\n"
              "mine: tool.toml:3: a manifest has no 'x'\n"
              "taglib  shipped  128 MiB  30s       1          /books (read only), /music\n");
    EXPECT_THAT(tools_table({{"tools", Json::array()}}), HasSubstr("threadrunner tool install"));
}

TEST(ToolView, DescribesAToolByItsOps) {
    const Json op = {{"summary", "Finds lines"},
                     {"args",
                      {{"properties", {{"path", Json::object()}, {"max", Json::object()}}},
                       {"required", {"path"}}}}};
    EXPECT_EQ(tool_text({{"name", "text"}, {"version", "1.0"}, {"ops", {{"grep", op}}}}),
              "text 1.0\n\n"
              "OP    ARGUMENTS   WHAT IT DOES\n"
              "grep  max?, path  Finds lines\n");
}

TEST(ToolView, TellsWhatAnInstalledToolMayTouch) {
    EXPECT_EQ(installed_text({{"name", "text"}, {"preopens", Json::array()}}),
              "installed text; it may touch: nothing\n");
}

}  // namespace
}  // namespace threadrunner::cli
