#include "wire/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace threadrunner::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

std::string fault_of(const Fields& fields) {
    const auto checked = fields.check();
    if (checked) {
        return "no fault";
    }
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_request);
    return checked.error().message;
}

TEST(Fields, ReadMembersOfTheirTypes) {
    const Json object = {{"text", "x"}, {"flag", true},     {"number", 0.5},
                         {"int", 7},    {"list", {1, "a"}}, {"texts", {"a", "b"}}};
    Fields fields(object, "the request");
    EXPECT_EQ(fields.text("text"), "x");
    EXPECT_EQ(fields.flag("flag"), true);
    EXPECT_EQ(fields.number("number", 0, 1), 0.5);
    EXPECT_EQ(fields.number("int", 0, 10), 7.0);
    EXPECT_EQ(fields.integer("int", 0, 7), 7);
    EXPECT_EQ(fields.array("list"), (Json{1, "a"}));
    EXPECT_THAT(fields.texts("texts"), ElementsAre("a", "b"));
    EXPECT_THAT(fields.texts("text"), ElementsAre("x")) << "one text is a list of one";
    EXPECT_EQ(fields.value("int"), 7);
    EXPECT_TRUE(fields.has("int"));
    EXPECT_TRUE(fields.check());
}

TEST(Fields, NullAndAbsentAreTheSame) {
    const Json object = {{"null", nullptr}};
    Fields fields(object, "the request");
    for (const char* name : {"null", "absent"}) {
        EXPECT_EQ(fields.text(name), std::nullopt);
        EXPECT_EQ(fields.flag(name), std::nullopt);
        EXPECT_EQ(fields.number(name, 0, 1), std::nullopt);
        EXPECT_EQ(fields.integer(name, 0), std::nullopt);
        EXPECT_EQ(fields.duration(name), std::nullopt);
        EXPECT_THAT(fields.texts(name), IsEmpty());
        EXPECT_TRUE(fields.value(name).is_null());
        EXPECT_TRUE(fields.array(name).is_null());
        EXPECT_FALSE(fields.has(name));
    }
    EXPECT_TRUE(fields.check());
}

TEST(Fields, AWrongTypeNamesTheMemberAndWhatItMustBe) {
    const Json object = {{"m", {{"an", "object"}}}};
    const auto fault = [&](auto read) {
        Fields fields(object, "the request");
        read(fields);
        return fault_of(fields);
    };
    EXPECT_EQ(fault([](Fields& f) { (void)f.text("m"); }), "'m' must be a string");
    EXPECT_EQ(fault([](Fields& f) { (void)f.flag("m"); }), "'m' must be true or false");
    EXPECT_THAT(fault([](Fields& f) { (void)f.number("m", 0, 2); }), HasSubstr("a number from 0"));
    EXPECT_EQ(fault([](Fields& f) { (void)f.integer("m", 0, 2); }),
              "'m' must be an integer from 0 to 2");
    EXPECT_EQ(fault([](Fields& f) { (void)f.array("m"); }), "'m' must be a list");
    EXPECT_THAT(fault([](Fields& f) { (void)f.texts("m"); }), HasSubstr("a list of strings"));
    EXPECT_THAT(fault([](Fields& f) { (void)f.duration("m"); }), HasSubstr("'m' is no duration"));
}

TEST(Fields, NumbersOutsideTheirRangeAreRefused) {
    for (const Json& value : {Json(-1), Json(11), Json(~std::uint64_t{0}), Json(5.5), Json("5"),
                              Json(std::nan("")), Json(1e300)}) {
        const Json object = {{"m", value}};
        Fields fields(object, "the request");
        EXPECT_EQ(fields.integer("m", 0, 10), std::nullopt) << value;
        EXPECT_FALSE(fields.check()) << value;
    }
    for (const Json& value : {Json(-0.1), Json(1.1), Json(std::nan("")), Json(INFINITY)}) {
        const Json object = {{"m", value}};
        Fields fields(object, "the request");
        EXPECT_EQ(fields.number("m", 0, 1), std::nullopt) << value;
        EXPECT_FALSE(fields.check()) << value;
    }
}

TEST(Fields, TheWholeRangeOfIntegersIsReadExactly) {
    const Json object = {{"max", int64_max},
                         {"min", std::numeric_limits<std::int64_t>::min()},
                         {"id", limits::request_id_max}};
    Fields fields(object, "the request");
    EXPECT_EQ(fields.integer("max", 0), int64_max);
    EXPECT_EQ(fields.integer("min", std::numeric_limits<std::int64_t>::min()),
              std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(fields.integer("id", 0, limits::request_id_max), limits::request_id_max);
    EXPECT_TRUE(fields.check());
}

TEST(Fields, DurationsAreSecondsOrText) {
    const Json object = {
        {"seconds", 300}, {"half", 0.5}, {"text", "5m"}, {"ever", -1}, {"ever text", "-1"}};
    Fields fields(object, "the request");
    EXPECT_EQ(fields.duration("seconds"), 300s);
    EXPECT_EQ(fields.duration("half"), 500ms);
    EXPECT_EQ(fields.duration("text"), 5min);
    EXPECT_EQ(fields.duration("ever"), std::chrono::milliseconds::max());
    EXPECT_EQ(fields.duration("ever text"), std::chrono::milliseconds::max());
    EXPECT_TRUE(fields.check());
}

TEST(Fields, AMixedListIsNotHalfRead) {
    const Json object = {{"stop", {"a", 1}}};
    Fields fields(object, "the request");
    EXPECT_THAT(fields.texts("stop"), IsEmpty());
    EXPECT_THAT(fault_of(fields), HasSubstr("'stop'"));
}

TEST(Fields, TheFirstFaultIsTheOneReported) {
    const Json object = {{"a", 1}, {"b", 2}};
    Fields fields(object, "the request");
    EXPECT_EQ(fields.text("a"), std::nullopt);
    EXPECT_EQ(fields.flag("b"), std::nullopt);
    fields.refuse("a later rule");
    EXPECT_EQ(fault_of(fields), "'a' must be a string");
    EXPECT_EQ(fields.integer("b", 0), std::nullopt) << "nothing more is given";
}

TEST(Fields, AMissingMemberIsNamedWithItsOwner) {
    const Json object = Json::object();
    Fields fields(object, "the request");
    EXPECT_EQ(fields.required(fields.text("prompt"), "prompt"), "");
    EXPECT_EQ(fault_of(fields), "the request lacks 'prompt'");
}

TEST(Fields, WhatIsNoObjectHasNoMembers) {
    for (const Json& value : {Json(nullptr), Json(1), Json("x"), Json::array({1})}) {
        Fields fields(value, "the request");
        EXPECT_EQ(fields.text("x"), std::nullopt);
        EXPECT_EQ(fault_of(fields), "the request is not an object");
    }
}

}  // namespace
}  // namespace threadrunner::wire
