#include "wire/lookup.h"

#include <gtest/gtest.h>

namespace threadrunner::wire {
namespace {

TEST(Lookup, FindsMembersAndIsEmptyWhereThereAreNone) {
    const Json object = {{"a", "text"}, {"b", {{"c", 1}}}, {"d", nullptr}};
    EXPECT_EQ(text_at(object, "a"), "text");
    EXPECT_EQ(member(member(object, "b"), "c"), 1);
    EXPECT_EQ(text_at(object, "b"), "") << "no text";
    EXPECT_TRUE(member(object, "none").is_null());
    EXPECT_TRUE(member(object, "d").is_null());
    EXPECT_TRUE(member(Json("text"), "a").is_null()) << "no object";
    EXPECT_TRUE(member(Json::array({1}), "a").is_null());
}

}  // namespace
}  // namespace threadrunner::wire
