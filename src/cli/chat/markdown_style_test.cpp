#include "cli/chat/markdown_style.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <regex>

namespace threadrunner::cli {
namespace {

/// The looks as words: <b>, <i>, <dim>, <code>, and <> for none.
std::string readable(std::string text) {
    const std::vector<std::pair<const char*, const char*>> looks = {
        {"\x1b[0m", "<>"},           {"\x1b[0;1m", "<b>"},     {"\x1b[0;2m", "<dim>"},
        {"\x1b[0;3m", "<i>"},        {"\x1b[0;36m", "<code>"}, {"\x1b[0;1;3m", "<b i>"},
        {"\x1b[0;1;36m", "<b code>"}};
    for (const auto& [sequence, word] : looks) {
        for (std::size_t at = 0; (at = text.find(sequence, at)) != std::string::npos;) {
            text.replace(at, std::string_view(sequence).size(), word);
        }
    }
    return text;
}

std::string styled(std::string_view text, std::size_t piece = 1000) {
    MarkdownStyle style;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        out += style.push(text.substr(at, piece));
    }
    return readable(out + style.finish());
}

std::string without_looks(const std::string& text) {
    static const std::regex sequence("\x1b\\[[0-9;]*m");
    return std::regex_replace(text, sequence, "");
}

TEST(MarkdownStyle, WordsWithinALineHaveTheirLooks) {
    EXPECT_EQ(styled("a **bold** b"), "a <b>**bold**<> b");
    EXPECT_EQ(styled("a *it* and _it_ b"), "a <i>*it*<> and <i>_it_<> b");
    EXPECT_EQ(styled("***both***"), "<b i>***both***<>");
    EXPECT_EQ(styled("**b *i* b**"), "<b>**b <b i>*i*<b> b**<>");
    EXPECT_EQ(styled("run `ls -l` now"), "run <code>`ls -l`<> now");
    EXPECT_EQ(styled("``a ` b``"), "<code>``a ` b``<>");
    EXPECT_EQ(styled("`**no**`"), "<code>`**no**`<>");
}

TEST(MarkdownStyle, WhatOnlyLooksLikeAMarkerIsLeftAlone) {
    for (const char* text :
         {"2 * 3 * 4", "2*3*4", "x__y__z", "snake_case_name", R"(\*plain\*)", "****", "a ** b",
          "#hashtag", "1.5 litres", "-1", "2024 was", "#######"}) {
        EXPECT_EQ(styled(text), text);
    }
}

TEST(MarkdownStyle, LinesHaveTheirLooks) {
    EXPECT_EQ(styled("# Title\ntext"), "<b># Title<>\ntext");
    EXPECT_EQ(styled("### A `b`\n"), "<b>### A <b code>`b`<>\n");
    EXPECT_EQ(styled("> said\nnext"), "<dim>> said<>\nnext");
    EXPECT_EQ(styled("- one\n  * two\n12. three"), "<b>- <>one\n<b>  * <>two\n<b>12. <>three");
    EXPECT_EQ(styled("- **b**"), "<b>- **b**<>");
}

TEST(MarkdownStyle, CodeInAFenceIsCodeAndNothingElse) {
    EXPECT_EQ(
        styled("```c\nint *a, *b; // **\n# x\n```\nafter **b**\n"),
        "<dim>```c<>\n<code>int *a, *b; // **<>\n<code># x<>\n<dim>```<>\nafter <b>**b**<>\n");
    EXPECT_EQ(styled("````\n```\n````\nx"), "<dim>````<>\n<code>```<>\n<dim>````<>\nx");
    EXPECT_EQ(styled("~~~\n```\n~~~"), "<dim>~~~<>\n<code>```<>\n<dim>~~~<>");
}

TEST(MarkdownStyle, AMarkerThatIsNeverClosedEndsWithItsLine) {
    EXPECT_EQ(styled("a **b\nc"), "a <b>**b<>\nc");
    EXPECT_EQ(styled("a `b\nc"), "a <code>`b<>\nc");
    EXPECT_EQ(styled("```\nopen"), "<dim>```<>\n<code>open<>");
}

TEST(MarkdownStyle, NothingWaitsLongerThanItsMeaningNeeds) {
    MarkdownStyle style;
    EXPECT_EQ(style.push("H"), "H");
    EXPECT_EQ(style.push("ello *"), "ello ");
    EXPECT_EQ(readable(style.push("x")), "<i>*x");
    EXPECT_EQ(readable(style.finish()), "<>");
    EXPECT_EQ(style.push("12"), "") << "a list, perhaps";
    EXPECT_EQ(style.push("3 apples"), "123 apples");
}

RC_GTEST_PROP(MarkdownStyle, NoCharacterIsLostHoweverTheTextIsCut, ()) {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("ab *_`~#>-1.)\\\n\n ``**")));
    const auto piece = *rc::gen::inRange<std::size_t>(1, 5);
    MarkdownStyle style;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        out += style.push(std::string_view(text).substr(at, piece));
    }
    out += style.finish();
    RC_ASSERT(without_looks(out) == text);
    RC_ASSERT(styled(text, piece) == styled(text));
}

}  // namespace
}  // namespace threadrunner::cli
