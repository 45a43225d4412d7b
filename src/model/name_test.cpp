#include "model/name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace threadrunner::model {
namespace {

using testing::HasSubstr;

TEST(Name, WhatPeopleCallModelsIsAllowed) {
    for (const char* name :
         {"gemma", "llama-3.1-8b", "qwen2.5:7b", "m", "größe", "a+b@c_d", "7b"}) {
        EXPECT_TRUE(check_name(name)) << name;
    }
}

TEST(Name, WhatWouldBeTakenForSomethingElseIsRefusedAndSaysSo) {
    const auto fault = [](std::string_view name) {
        const auto checked = check_name(name);
        EXPECT_FALSE(checked) << name;
        return checked ? std::string() : checked.error().message;
    };
    EXPECT_THAT(fault("a/b"), HasSubstr("a path"));
    EXPECT_THAT(fault("./a"), HasSubstr("a path"));
    EXPECT_THAT(fault("a.gguf"), HasSubstr("leave out .gguf"));
    EXPECT_THAT(fault("hf:owner"), HasSubstr("where a model comes from"));
    EXPECT_THAT(fault("-m"), HasSubstr("begins with a letter"));
    EXPECT_THAT(fault(".."), HasSubstr("begins with a letter"));
    for (const char* name : {"two words", "a\nb", "a\x1b[2J", "a\"b", "a=b", "a,b"}) {
        EXPECT_THAT(fault(name), HasSubstr("letters, digits"));
    }
    EXPECT_THAT(fault(""), HasSubstr("1 to 128 bytes"));
    EXPECT_THAT(fault(std::string(129, 'a')), HasSubstr("1 to 128 bytes"));
}

}  // namespace
}  // namespace threadrunner::model
