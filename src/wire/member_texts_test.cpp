#include "wire/member_texts.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/json_generator.h"

namespace threadrunner::wire {
namespace {

using wire::Json;

std::optional<std::string> keep(const Member& /*member*/) { return std::nullopt; }

std::string with_id(std::string_view text) {
    return with_members_changed(text, [](const Member& member) {
        return member.name == "id" ? std::optional<std::string>("7") : std::nullopt;
    });
}

TEST(MemberTexts, OnlyTheMemberChangesAndEveryOtherByteStays) {
    EXPECT_EQ(with_id(R"( { "z" : 1.50 , "id":"a\"b" ,"a":[ 1e3 ] } )"),
              R"( { "z" : 1.50 , "id":7,"a":[ 1e3 ] } )");
}

TEST(MemberTexts, ObjectsThatAreMembersAreLookedAtButNoneDeeper) {
    EXPECT_EQ(with_id(R"({"message":{"id":1,"input":{"id":2}},"list":[{"id":3}]})"),
              R"({"message":{"id":7,"input":{"id":2}},"list":[{"id":3}]})");
}

TEST(MemberTexts, TextThatLooksLikeAMemberIsNone) {
    const std::string text = R"({"content":"\"id\":1, }{ \\","end":"\\\""})";
    EXPECT_EQ(with_id(text), text);
}

TEST(MemberTexts, TextThatIsNoObjectComesBackAsItIs) {
    for (const char* text : {"", "[DONE]", "[{\"id\":1}]", R"({"id":1)", R"({"id")", R"({"id":"\)",
                             R"({"id":1}x)", R"({"a":{"id":1)", R"({id:1})", "\"id\""}) {
        EXPECT_EQ(with_id(text), text);
    }
}

RC_GTEST_PROP(MemberTexts, KeepingEveryMemberKeepsTheText, ()) {
    const std::string text = wire::encode_json(*wire::arbitrary_json(2));
    RC_ASSERT(with_members_changed(text, keep) == text);
}

RC_GTEST_PROP(MemberTexts, AChangeIsTheOneThatParsingAndWritingWouldMake, ()) {
    Json document = Json::object();
    for (int members = *rc::gen::inRange(0, 6); members > 0; --members) {
        document[*wire::arbitrary_text()] = *wire::arbitrary_json(1);
    }
    document["id"] = *wire::arbitrary_leaf();
    const std::string changed =
        with_members_changed(wire::encode_json(document), [](const Member& member) {
            const bool mine = member.parent.empty() && member.name == "id";
            return mine ? std::optional<std::string>("\"new\"") : std::nullopt;
        });
    document["id"] = "new";
    RC_ASSERT(Json::parse(changed) == document);
}

TEST(MemberTexts, AMembersTextIsAsItWasWritten) {
    const std::string_view text = R"( {"a": {"z":1, "y":[2,"}"]} , "b":"\"a\":3", "c" : 4 } )";
    EXPECT_EQ(member_text(text, "a"), R"({"z":1, "y":[2,"}"]})");
    EXPECT_EQ(member_text(text, "c"), "4");
    EXPECT_EQ(member_text(text, "z"), std::nullopt) << "it is another object's";
    EXPECT_EQ(member_text("[1]", "a"), std::nullopt);
    EXPECT_EQ(member_text(R"({"a":)", "a"), std::nullopt);
    EXPECT_EQ(member_text("", "a"), std::nullopt);
}

}  // namespace
}  // namespace threadrunner::wire
