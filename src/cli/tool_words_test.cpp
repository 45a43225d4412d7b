#include "cli/tool_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;
using wire::Json;

Json arguments(const std::vector<std::string>& words) {
    const auto out = call_arguments(words);
    return out ? *out : Json(out.error().message);
}

TEST(ToolWords, AreTheArgumentsOfACall) {
    EXPECT_EQ(arguments({}), Json::object());
    EXPECT_EQ(
        arguments({"pattern=a b", "max=7", "all=true", "none=null", "list=[1,2]"}),
        (Json{{"pattern", "a b"}, {"max", 7}, {"all", true}, {"none", nullptr}, {"list", {1, 2}}}));
    EXPECT_EQ(arguments({"year=\"1984\"", "empty=", "sum=a=b"}),
              (Json{{"year", "1984"}, {"empty", ""}, {"sum", "a=b"}}));
}

TEST(ToolWords, AKeyThatComesAgainMakesAList) {
    EXPECT_EQ(arguments({"artist=a", "artist=b", "artist=c"}), (Json{{"artist", {"a", "b", "c"}}}));
}

TEST(ToolWords, APathIsThatOfTheCallersFolder) {
    const auto here = std::filesystem::current_path();
    EXPECT_EQ(arguments({"path=a/../b.mp3"}), (Json{{"path", (here / "b.mp3").string()}}));
    EXPECT_EQ(arguments({"path=/b.mp3"}), (Json{{"path", "/b.mp3"}}));
    EXPECT_EQ(arguments({"path=7"}), (Json{{"path", (here / "7").string()}}));
}

TEST(ToolWords, OtherWordsAreRefused) {
    EXPECT_THAT(arguments({"hello"}).get<std::string>(), HasSubstr("is no KEY=VALUE"));
    EXPECT_THAT(arguments({"=a"}).get<std::string>(), HasSubstr("is no KEY=VALUE"));
}

TEST(ToolWords, ACallIsToldInThem) {
    EXPECT_EQ(call_in_words("taglib_write_tags",
                            {{"path", "/music/a.mp3"}, {"tags", {{"title", {"x y"}}}}, {"n", 7}}),
              R"(taglib_write_tags n=7 path=/music/a.mp3 tags={"title":["x y"]})");
    EXPECT_EQ(call_in_words("f", nullptr), "f");
    EXPECT_EQ(call_in_words("f", {1, 2}), "f [1,2]");
}

TEST(ToolWords, NoArgumentLooksLikeAnotherOrCommandsTheTerminal) {
    EXPECT_EQ(call_in_words("f", {{"a", "x b=y"}}), R"(f a="x b=y")");
    EXPECT_EQ(call_in_words("f", {{"a", "7"}, {"b", "true"}}), R"(f a="7" b="true")");
    EXPECT_EQ(call_in_words("f", {{"a", ""}, {"b c", "größe"}}), R"(f a="" "b c"=größe)");
    EXPECT_EQ(call_in_words("f\x1b", {{"a", "\x1b[2J\n"}}), "f␛ a=\"\\u001b[2J\\n\"");
}

TEST(ToolWords, ADirectoryIsGivenUnderAName) {
    EXPECT_EQ(*directory_grant("/srv/music::/music"),
              (Json{{"host", "/srv/music"}, {"guest", "/music"}, {"mode", "rw"}}));
    EXPECT_EQ(directory_grant("/a::/b:ro")->at("mode"), "ro");
    EXPECT_EQ(directory_grant("a::b::/c:rw")->at("host"),
              (std::filesystem::current_path() / "a::b").string());
    for (const char* wrong : {"", "/a", "::/b", "/a::", "/a::b", "/a:/b"}) {
        const auto grant = directory_grant(wrong);
        ASSERT_FALSE(grant) << wrong;
        EXPECT_THAT(grant.error().message, HasSubstr("--dir wants HOST::GUEST")) << wrong;
    }
}

}  // namespace
}  // namespace threadrunner::cli
