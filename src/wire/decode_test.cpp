#include "wire/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "wire/json_generator.h"

namespace threadrunner::wire {
namespace {

using testing::HasSubstr;
using std::string_view_literals::operator""sv;

constexpr std::size_t absurd_depth = 200'000;

std::string repeated(std::string_view piece, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) {
        out += piece;
    }
    return out;
}

/// The message of the refusal that must come.
std::string fault_of(const Result<Json>& decoded) {
    if (decoded) {
        return "decoded: " + encode_json(*decoded);
    }
    EXPECT_EQ(decoded.error().code, ErrorCode::invalid_request) << decoded.error().message;
    return decoded.error().message;
}

TEST(DecodeJson, ReadsADocument) {
    const auto decoded = decode_json(R"( {"a": [1, -2, 3.5, true, null, "\u20ac\n"], "b": {}} )");
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded,
              (Json{{"a", {1, -2, 3.5, true, nullptr, "\xE2\x82\xAC\n"}}, {"b", Json::object()}}));
}

TEST(DecodeJson, NestingThatWouldOverflowTheStackIsRefused) {
    EXPECT_THAT(fault_of(decode_json(repeated("[", absurd_depth))), HasSubstr("nested deeper"));
    EXPECT_THAT(fault_of(decode_json(repeated("{\"a\":", absurd_depth))),
                HasSubstr("nested deeper"));
    EXPECT_THAT(fault_of(decode_json(repeated("[{\"a\":", absurd_depth / 2))),
                HasSubstr("nested deeper"));
}

TEST(DecodeJson, TheDeepestAllowedDocumentDecodes) {
    const std::size_t depth = limits::decode_depth_max;
    EXPECT_TRUE(decode_json(repeated("[", depth) + repeated("]", depth)));
    EXPECT_THAT(fault_of(decode_json(repeated("[", depth + 1) + repeated("]", depth + 1))),
                HasSubstr("nested deeper than 64 levels"));
}

TEST(DecodeJson, MoreValuesThanAllowedAreRefused) {
    const DecodeLimits few{.values_max = 4};
    EXPECT_TRUE(decode_json("[1,2,3]", few));
    EXPECT_TRUE(decode_json(R"({"a":1})", few));
    EXPECT_THAT(fault_of(decode_json("[1,2,3,4]", few)), HasSubstr("more than 4 values"));
    EXPECT_THAT(fault_of(decode_json(R"({"a":1,"b":2})", few)), HasSubstr("more than 4 values"));
    EXPECT_THAT(fault_of(decode_json("[[],[],[],[]]", few)), HasSubstr("more than 4 values"));
}

TEST(DecodeJson, MoreBytesThanAllowedAreTooLarge) {
    const DecodeLimits small{.bytes_max = 7};
    EXPECT_TRUE(decode_json("[1,2,3]", small));
    EXPECT_EQ(decode_json("[1,2,3] ", small).error().code, ErrorCode::too_large);
}

TEST(DecodeJson, WhatFollowsTheDocumentIsRefused) {
    EXPECT_TRUE(decode_json("{} \r\n\t"));
    for (const std::string_view text : {"{}{}"sv, "{}x"sv, "{},"sv, "1 2"sv, "{}\0"sv,
                                        "{}\0{\"hidden\":1}"sv, "\0"sv, "{}\xEF\xBB\xBF"sv}) {
        EXPECT_THAT(fault_of(decode_json(text)), HasSubstr("JSON: ")) << text;
    }
}

TEST(DecodeJson, WhatIsNoJsonIsRefused) {
    for (const std::string_view text :
         {""sv,      " "sv,         "{"sv,      "[1,]"sv, "{\"a\":1,}"sv, "{a:1}"sv,
          "'a'"sv,   "// c\n1"sv,   "/*c*/1"sv, "01"sv,   "+1"sv,         ".5"sv,
          "1."sv,    "0x10"sv,      "tru"sv,    "\"a"sv,  "\"\n\""sv,     "\"\\x\""sv,
          "[1 2]"sv, "{\"a\" 1}"sv, "{1:2}"sv}) {
        EXPECT_THAT(fault_of(decode_json(text)), HasSubstr("not well-formed at byte")) << text;
    }
}

TEST(DecodeJson, NumbersThatJsonCannotHoldAreRefused) {
    for (const std::string_view text : {"NaN"sv, "Infinity"sv, "-Infinity"sv, "nan"sv, "inf"sv,
                                        "1e999"sv, "-1e999"sv, "[1e400]"sv}) {
        EXPECT_THAT(fault_of(decode_json(text)), HasSubstr("JSON: ")) << text;
    }
}

TEST(DecodeJson, LargeIntegersStayExact) {
    EXPECT_EQ(*decode_json("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(*decode_json("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
    EXPECT_TRUE(decode_json("18446744073709551616")->is_number_float());
}

TEST(DecodeJson, TextThatIsNotUtf8IsRefused) {
    for (const std::string_view text :
         {"\"\xFF\""sv, "\"\xC3\""sv, "\"\xED\xA0\x80\""sv, "\"\xC0\x80\""sv,
          "\"\xF4\x90\x80\x80\""sv, "\"\\ud800\""sv, "\"\\udc00\""sv, "\"\\ud800\\u0041\""sv,
          "{\"\xFF\":1}"sv}) {
        EXPECT_THAT(fault_of(decode_json(text)), HasSubstr("JSON: ")) << text;
    }
    EXPECT_EQ(*decode_json(R"("\ud83d\ude00")"), "\xF0\x9F\x98\x80");
    EXPECT_EQ(*decode_json(R"("\u0000")"), Json("\0"sv));
}

TEST(DecodeJson, OfAKeyTwiceTheLastCounts) {
    EXPECT_EQ(*decode_json(R"({"a":[1,{"b":2}],"a":3})"), (Json{{"a", 3}}));
    EXPECT_EQ(*decode_json(R"({"a":3,"a":{"b":[1]},"c":4})"),
              (Json{{"a", {{"b", {1}}}}, {"c", 4}}));
}

TEST(DecodeMsgpack, ReadsADocument) {
    const auto decoded = decode_msgpack(
        "\x82\xA1"
        "a\x93\x01\xFF\xC3\xA1"
        "b\x80"sv);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, (Json{{"a", {1, -1, true}}, {"b", Json::object()}}));
}

TEST(DecodeMsgpack, NestingThatWouldOverflowTheStackIsRefused) {
    EXPECT_THAT(fault_of(decode_msgpack(repeated("\x91", absurd_depth))),
                HasSubstr("nested deeper"));
    EXPECT_THAT(fault_of(decode_msgpack(repeated("\x81\xA1"
                                                 "a",
                                                 absurd_depth))),
                HasSubstr("nested deeper"));
    const std::size_t depth = limits::decode_depth_max;
    EXPECT_TRUE(decode_msgpack(repeated("\x91", depth - 1) + "\x90"));
    EXPECT_FALSE(decode_msgpack(repeated("\x91", depth) + "\x90"));
}

TEST(DecodeMsgpack, AnnouncedCountsCostNoMemory) {
    for (const std::string_view bytes :
         {"\xDD\xFF\xFF\xFF\xFF"sv, "\xDF\xFF\xFF\xFF\xFF"sv, "\xDB\xFF\xFF\xFF\xFF"sv,
          "\xC6\xFF\xFF\xFF\xFF"sv, "\xC9\xFF\xFF\xFF\xFF\x01"sv, "\xDC\xFF\xFF"sv,
          "\xDE\xFF\xFF"sv, "\xDD\x00\x3D\x09\x00"sv}) {
        EXPECT_THAT(fault_of(decode_msgpack(bytes)), HasSubstr("MessagePack: "));
    }
    EXPECT_THAT(fault_of(decode_msgpack("\xDD\xFF\xFF\xFF\xFF"sv)),
                HasSubstr("announces 4294967295 values"));
}

TEST(DecodeMsgpack, EveryCutIsNoticed) {
    const std::string whole = encode_msgpack(
        {{"op", "route"}, {"id", 70'000}, {"body", std::string(300, 'x')}, {"list", {1, 2.5}}});
    for (std::size_t length = 0; length < whole.size(); ++length) {
        ASSERT_FALSE(decode_msgpack(std::string_view(whole).substr(0, length))) << length;
    }
    EXPECT_TRUE(decode_msgpack(whole));
    EXPECT_THAT(fault_of(decode_msgpack(whole + "\xC0")), HasSubstr("not well-formed"));
}

TEST(DecodeMsgpack, TextThatIsNotUtf8IsRefused) {
    EXPECT_THAT(fault_of(decode_msgpack("\xA1\xFF"sv)), HasSubstr("not UTF-8"));
    EXPECT_THAT(fault_of(decode_msgpack("\x81\xA1\xFF\x01"sv)), HasSubstr("not UTF-8"));
}

TEST(DecodeMsgpack, KeysAreTexts) {
    EXPECT_THAT(fault_of(decode_msgpack("\x81\x01\x01"sv)), HasSubstr("not well-formed"));
    EXPECT_THAT(fault_of(decode_msgpack("\x81\xC4\x01"
                                        "a\x01"sv)),
                HasSubstr("not well-formed"));
    EXPECT_EQ(*decode_msgpack("\x82\xA1"
                              "a\x01\xA1"
                              "a\x02"sv),
              (Json{{"a", 2}}))
        << "the last";
}

TEST(DecodeMsgpack, TheNeverUsedByteIsRefused) {
    EXPECT_THAT(fault_of(decode_msgpack("\xC1"sv)), HasSubstr("not well-formed"));
}

TEST(DecodeMsgpack, NumbersThatJsonCannotHoldBecomeNullThere) {
    const auto nan = decode_msgpack("\xCB\x7F\xF8\0\0\0\0\0\0"sv);
    const auto infinity = decode_msgpack("\xCA\x7F\x80\0\0"sv);
    ASSERT_TRUE(nan && infinity);
    EXPECT_TRUE(std::isnan(nan->get<double>()));
    EXPECT_EQ(encode_json(*nan), "null");
    EXPECT_EQ(encode_json(*infinity), "null");
}

TEST(DecodeMsgpack, BytesAndExtensionsCanBeWrittenAgain) {
    for (const std::string_view bytes : {"\xC4\x02\x01\xFF"sv, "\xD4\x05\x01"sv, "\xD4\xFF\x01"sv,
                                         "\xC7\x03\x80\x01\x02\x03"sv, "\xC4\0"sv}) {
        const auto decoded = decode_msgpack(bytes);
        ASSERT_TRUE(decoded) << decoded.error().message;
        EXPECT_TRUE(decoded->is_binary());
        EXPECT_EQ(encode_msgpack(*decoded), bytes);
        EXPECT_TRUE(decode_json(encode_json(*decoded)));
    }
}

TEST(EncodeJson, TextOfOursThatIsNotUtf8IsRepaired) {
    EXPECT_EQ(encode_json({{"path", "caf\xE9.gguf"}}), "{\"path\":\"caf\xEF\xBF\xBD.gguf\"}");
}

RC_GTEST_PROP(Decode, WhatIsWrittenIsReadBack, ()) {
    const Json document = *arbitrary_json();
    const auto from_json = decode_json(encode_json(document));
    RC_ASSERT(from_json.has_value());
    RC_ASSERT(*from_json == document);
    const auto from_msgpack = decode_msgpack(encode_msgpack(document));
    RC_ASSERT(from_msgpack.has_value());
    RC_ASSERT(*from_msgpack == document);
}

RC_GTEST_PROP(Decode, AnyBytesAreADocumentOrARefusal, (const std::string& bytes)) {
    for (const auto& decoded : {decode_json(bytes), decode_msgpack(bytes)}) {
        if (decoded) {
            RC_ASSERT(!encode_json(*decoded).empty());
            RC_ASSERT(!encode_msgpack(*decoded).empty());
        }
    }
}

}  // namespace
}  // namespace threadrunner::wire
