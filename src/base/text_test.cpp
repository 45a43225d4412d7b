#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace threadrunner {
namespace {

using std::chrono::milliseconds;
using std::string_view_literals::operator""sv;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::string_view mark = "\xEF\xBF\xBD";

/// Bytes that are likely to be nearly UTF-8: whole characters, leads without ends, ends alone.
rc::Gen<std::string> near_utf8() {
    static const std::vector<std::string> pieces = {
        "a",        "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xC3",
        "\xE2\x82", "\xF0\x9F", "\x80",         "\xED\xA0\x80",     "\xF4\x90\x80\x80",
        "\xFF",     "\xC0\x80", "\xE0\x80",     "\xF0\x80",
    };
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)),
                        [](const std::vector<std::string>& chosen) {
                            std::string out;
                            for (const std::string& piece : chosen) {
                                out += piece;
                            }
                            return out;
                        });
}

/// The text pushed in pieces of these sizes, then the rest.
std::string through_stream(std::string_view text, const std::vector<std::size_t>& sizes) {
    Utf8Stream stream;
    std::string out;
    for (const std::size_t size : sizes) {
        out += stream.push(text.substr(0, size));
        text.remove_prefix(std::min(size, text.size()));
    }
    out += stream.push(text);
    return out += stream.finish();
}

TEST(Duration, ReadsWhatPeopleWrite) {
    EXPECT_EQ(parse_duration("300", "x"), 300s);
    EXPECT_EQ(parse_duration("0", "x"), 0ms);
    EXPECT_EQ(parse_duration("250ms", "x"), 250ms);
    EXPECT_EQ(parse_duration("0.5s", "x"), 500ms);
    EXPECT_EQ(parse_duration("5m", "x"), 5min);
    EXPECT_EQ(parse_duration("2h", "x"), 2h);
    EXPECT_EQ(parse_duration("1d", "x"), 24h);
    EXPECT_EQ(parse_duration("-1", "x"), milliseconds::max());
}

TEST(Duration, RefusesEverythingElseAndNamesTheSetting) {
    for (const std::string_view text :
         {""sv, "soon"sv, "-2"sv, "-1s"sv, "5 m"sv, " 5"sv, "5x"sv, "5mm"sv, "nan"sv, "inf"sv,
          "infm"sv, "1e300"sv, "1e999d"sv, "40000d"sv, "5\0"sv}) {
        const auto parsed = parse_duration(text, "worker.idle");
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_request);
        EXPECT_THAT(parsed.error().message, HasSubstr("worker.idle is no duration"));
    }
}

TEST(Format, BytesAreReadAtAGlance) {
    EXPECT_EQ(format_bytes(0), "0 bytes");
    EXPECT_EQ(format_bytes(1), "1 byte");
    EXPECT_EQ(format_bytes(1023), "1023 bytes");
    EXPECT_EQ(format_bytes(1536), "1.5 KiB");
    EXPECT_EQ(format_bytes(253'113'024), "241 MiB");
    EXPECT_EQ(format_bytes(std::uint64_t{3} << 30), "3.0 GiB");
    EXPECT_EQ(format_bytes(~std::uint64_t{0}), "16777216 TiB");
}

TEST(Format, DurationsAreReadAtAGlance) {
    EXPECT_EQ(format_duration(0ms), "0ms");
    EXPECT_EQ(format_duration(850ms), "850ms");
    EXPECT_EQ(format_duration(12'900ms), "12s");
    EXPECT_EQ(format_duration(250s), "4m 10s");
    EXPECT_EQ(format_duration(5min), "5m");
    EXPECT_EQ(format_duration(26h + 5min), "26h 5m");
    EXPECT_EQ(format_duration(milliseconds::max()), "for ever");
}

TEST(Utf8, WholeTextIsLeftAlone) {
    const std::string text = "plain, caf\xC3\xA9, \xE2\x82\xAC, \xF0\x9F\x98\x80, \xF4\x8F\xBF\xBF";
    EXPECT_EQ(utf8_valid_prefix(text), text.size());
    EXPECT_EQ(utf8_repair(text), text);
    EXPECT_EQ(utf8_repair(""), "");
    EXPECT_EQ(utf8_repair("a\0b"sv), "a\0b"sv);
}

TEST(Utf8, WhatIsNoCharacterIsMarked) {
    const auto marked = [](std::string_view text) { return std::string(text) + std::string(mark); };
    EXPECT_EQ(utf8_repair("ab\xFF"), marked("ab"));
    EXPECT_EQ(utf8_repair("ab\xE2\x82"), marked("ab")) << "cut: one mark for the character";
    EXPECT_EQ(utf8_repair("\xC0\x80"), marked(mark)) << "overlong";
    EXPECT_EQ(utf8_repair("\xED\xA0\x80"), marked(marked(mark))) << "half of a surrogate pair";
    EXPECT_EQ(utf8_repair("\xF4\x90\x80\x80"), marked(marked(marked(mark)))) << "beyond U+10FFFF";
    EXPECT_EQ(utf8_valid_prefix("ab\xE2\x82"), 2U);
}

TEST(Utf8Stream, ACharacterCutBetweenTokensArrivesWhole) {
    Utf8Stream stream;
    EXPECT_EQ(stream.push("caf\xC3"), "caf");
    EXPECT_EQ(stream.push("\xA9!"), "\xC3\xA9!");
    EXPECT_EQ(stream.push("\xF0"), "");
    EXPECT_EQ(stream.push("\x9F"), "");
    EXPECT_EQ(stream.push("\x98"), "");
    EXPECT_EQ(stream.push("\x80"), "\xF0\x9F\x98\x80");
    EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8Stream, WhatWaitsAtTheEndIsMarkedOnce) {
    Utf8Stream stream;
    EXPECT_EQ(stream.push("\xF0\x9F"), "");
    EXPECT_EQ(stream.finish(), mark);
    EXPECT_EQ(stream.finish(), "") << "the stream is empty afterwards";
    EXPECT_EQ(stream.push("\x98"), mark) << "and knows nothing of what it held";
}

RC_GTEST_PROP(Utf8Stream, AnyCuttingGivesWhatRepairGivesOfTheWhole, ()) {
    const auto text = *near_utf8();
    const auto sizes =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 5));
    RC_ASSERT(through_stream(text, sizes) == utf8_repair(text));
}

RC_GTEST_PROP(Utf8, RepairedTextIsValidAndStaysAsItIs, ()) {
    const auto text = *rc::gen::oneOf(near_utf8(), rc::gen::arbitrary<std::string>());
    const std::string repaired = utf8_repair(text);
    RC_ASSERT(utf8_valid_prefix(repaired) == repaired.size());
    RC_ASSERT(utf8_repair(repaired) == repaired);
    const std::size_t valid = utf8_valid_prefix(text);
    RC_ASSERT(repaired.substr(0, valid) == text.substr(0, valid));
}

RC_GTEST_PROP(Duration, AnyTextIsADurationOrAnError, (const std::string& text)) {
    const auto parsed = parse_duration(text, "x");
    RC_ASSERT(parsed.value_or(milliseconds(0)).count() >= 0);
}

RC_GTEST_PROP(Duration, WhatIsFormattedInSecondsReadsBack, ()) {
    const auto seconds = *rc::gen::inRange(1, 60);
    const auto read = parse_duration(format_duration(std::chrono::seconds(seconds)), "x");
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->count() == seconds * 1000);
}

TEST(Text, IsTrimmedOfTheBlanksThatAreMeant) {
    EXPECT_EQ(trimmed("  a b\t ", " \t"), "a b");
    EXPECT_EQ(trimmed("\ta ", " "), "\ta");
    EXPECT_EQ(trimmed("  ", " "), "");
    EXPECT_EQ(trimmed("", " "), "");
}

TEST(Text, AListIsTakenApartFromItsFront) {
    std::string_view list = "a,,b\nc,";
    for (const char* entry : {"a", "", "b", "c"}) {
        EXPECT_EQ(take_entry(list, ",\n"), entry);
    }
    EXPECT_EQ(list, "") << "nothing stands behind the last separator";
}

TEST(Text, LettersAreMadeSmallAndNothingElse) {
    EXPECT_EQ(small_letters("Content-TYPE: \xC3\x84[@Z"), "content-type: \xC3\x84[@z");
}

}  // namespace
}  // namespace threadrunner
