#include "cli/tool_offer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/arguments.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;
using wire::Json;

/// What a command line puts into the request, or the fault's text.
Json offered(std::vector<std::string> line, bool asks = false) {
    line.emplace_back("Hello");
    const auto routed = route_arguments(line);
    if (!routed) {
        return routed.error().message;
    }
    Json request = Json::object();
    const auto done = offer_tools(request, routed->options, asks);
    if (!done) {
        EXPECT_EQ(done.error().exit_code, ExitCode::usage);
        return done.error().message;
    }
    return request;
}

Json entry(const char* name, const char* writes) {
    return {{"type", "threadrunner"}, {"name", name}, {"writes", writes}};
}

TEST(ToolOffer, NamesAreGivenOneByOneOrTogether) {
    const Json both = {{"tools", {entry("taglib", "deny"), entry("text", "deny")}}};
    EXPECT_EQ(offered({"--tools", "taglib", "--tools", "text"}), both);
    EXPECT_EQ(offered({"--tools", "taglib, text,taglib"}), both);
    EXPECT_EQ(offered({}), Json::object());
}

TEST(ToolOffer, EveryToolGetsTheDirectories) {
    const Json given = offered({"--tools", "a,b", "--dir", "/m::/music:ro", "--dir", "/x::/y"});
    const Json dirs = {{{"host", "/m"}, {"guest", "/music"}, {"mode", "ro"}},
                       {{"host", "/x"}, {"guest", "/y"}, {"mode", "rw"}}};
    EXPECT_EQ(given["tools"][0]["dirs"], dirs);
    EXPECT_EQ(given["tools"][1]["dirs"], dirs);
    EXPECT_FALSE(given.contains("dirs"));
}

TEST(ToolOffer, NothingIsWrittenUnlessAPersonSaysSo) {
    const auto writes = [](const Json& request) { return request["tools"][0]["writes"]; };
    EXPECT_EQ(writes(offered({"--tools", "a"})), "deny");
    EXPECT_EQ(writes(offered({"--tools", "a"}, true)), "ask");
    EXPECT_EQ(writes(offered({"--tools", "a", "--allow-writes"})), "allow");
    EXPECT_EQ(writes(offered({"--tools", "a", "--allow-writes"}, true)), "allow");
}

TEST(ToolOffer, RoundsAreLimited) {
    EXPECT_EQ(offered({"--tools", "a", "--tool-rounds", "3"})["max_rounds"], 3);
    for (const char* wrong : {"0", "33", "many"}) {
        EXPECT_THAT(offered({"--tools", "a", "--tool-rounds", wrong}).get<std::string>(),
                    HasSubstr("--tool-rounds wants a whole number from 1 to 32"))
            << wrong;
    }
}

TEST(ToolOffer, OptionsAboutToolsThatAreNotThereNameTheRemedy) {
    for (const std::vector<std::string>& line : {std::vector<std::string>{"--dir", "/a::/b"},
                                                 {"--allow-writes"},
                                                 {"--tool-rounds", "3"}}) {
        const Json fault = offered(line);
        EXPECT_THAT(fault.get<std::string>(), HasSubstr(line[0] + " is about the tools"));
        EXPECT_THAT(fault.get<std::string>(), HasSubstr("--tools NAME"));
    }
    EXPECT_THAT(offered({"--tools", "a,,b"}).get<std::string>(), HasSubstr("names of tools"));
    EXPECT_THAT(offered({"--tools="}).get<std::string>(), HasSubstr("names of tools"));
}

}  // namespace
}  // namespace threadrunner::cli
