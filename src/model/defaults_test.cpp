#include "model/defaults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace threadrunner::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<void> set(Defaults& defaults, std::string_view key, const DefaultRow::Values& values) {
    const auto row = default_row(key);
    return row ? (*row)->set(defaults, values) : Result<void>(std::unexpected(row.error()));
}

std::string fault(std::string_view key, const DefaultRow::Values& values) {
    Defaults defaults;
    const auto done = set(defaults, key, values);
    EXPECT_FALSE(done) << key;
    return done ? "" : done.error().message;
}

TEST(Defaults, EachIsReadBackAsItWasSet) {
    const std::map<std::string, DefaultRow::Values> given = {
        {"context", {"8192"}},
        {"slots", {"2"}},
        {"threads", {"3"}},
        {"gpu_layers", {"20"}},
        {"cache_mib", {"0"}},
        {"template", {"/t.jinja"}},
        {"draft", {"/d.gguf"}},
        {"adapters", {"/a=b.gguf=0.5", "/c.gguf=1.0"}},
        {"temperature", {"0.2"}},
        {"top_p", {"0.9"}},
        {"top_k", {"40"}},
        {"min_p", {"0.05"}},
        {"repeat_penalty", {"1.1"}},
        {"seed", {"-1"}},
        {"max_tokens", {"100"}},
        {"stop", {"###", "a b"}},
        {"engine_args", {"--flash-attn on"}}};
    Defaults defaults;
    std::set<std::string_view> keys;
    for (const DefaultRow& row : default_table()) {
        EXPECT_TRUE(keys.insert(row.key).second) << row.key;
        EXPECT_FALSE(row.meaning.empty() || row.values.empty()) << row.key;
        EXPECT_THAT(row.get(defaults), IsEmpty()) << row.key;
        const auto& values = given.at(std::string(row.key));
        ASSERT_TRUE(row.set(defaults, values)) << row.key;
        EXPECT_EQ(row.get(defaults), values) << row.key;
    }
    EXPECT_EQ(given.size(), keys.size());
}

TEST(Defaults, WhatMakesNoSenseIsRefusedByName) {
    EXPECT_THAT(fault("context", {"much"}), HasSubstr("context must be a number from 64 to"));
    EXPECT_THAT(fault("temperature", {"-1"}), HasSubstr("temperature must be a number from"));
    EXPECT_THAT(fault("temperature", {"nan"}), HasSubstr("temperature"));
    EXPECT_THAT(fault("slots", {"1", "2"}), HasSubstr("slots takes one value"));
    EXPECT_THAT(fault("draft", {"d.gguf"}), HasSubstr("draft must be an absolute path"));
    EXPECT_THAT(fault("adapters", {"a.gguf=1"}), HasSubstr("adapters must be an absolute path"));
    EXPECT_THAT(fault("engine_args", {"'open"}), HasSubstr("is not closed"));
    EXPECT_THAT(fault("stop", {""}), HasSubstr("empty text"));
    EXPECT_THAT(fault("temprature", {"1"}), HasSubstr("did you mean 'temperature'?"));
    EXPECT_THAT(fault("colour", {"1"}), HasSubstr("there are: context, slots"));
}

TEST(Defaults, WhatConcernsTheLoadTellsWorkersApartAndNothingElseDoes) {
    Defaults defaults;
    EXPECT_EQ(load_text(defaults), "");
    ASSERT_TRUE(set(defaults, "temperature", {"0.5"}));
    ASSERT_TRUE(set(defaults, "stop", {"x"}));
    EXPECT_EQ(load_text(defaults), "");
    ASSERT_TRUE(set(defaults, "slots", {"2"}));
    ASSERT_TRUE(set(defaults, "engine_args", {"--ctk 'q8 0'"}));
    ASSERT_TRUE(set(defaults, "adapters", {"/a b.gguf", "/c.gguf=2"}));
    const std::string text = load_text(defaults);
    EXPECT_THAT(text, HasSubstr("slots=2 '"));
    const auto load = load_from(text);
    ASSERT_TRUE(load) << load.error().message;
    EXPECT_EQ(load_text({.load = *load}), text);
    EXPECT_EQ(load->slots, 2U);
    EXPECT_EQ(load->context, std::nullopt);
    EXPECT_EQ(load->engine_args, "--ctk 'q8 0'");
    EXPECT_THAT(load->adapters, ElementsAre(Adapter{"/a b.gguf", 1.0}, Adapter{"/c.gguf", 2.0}));
    EXPECT_FALSE(load_from("nonsense=1"));
}

TEST(Defaults, ARequestKeepsWhatItSaysAndGetsTheRest) {
    work::Sampling asked{.temperature = 0.0, .stop = {"mine"}};
    fill(asked, {.temperature = 0.7, .top_k = 5, .max_tokens = 9, .stop = {"theirs"}});
    EXPECT_EQ(asked.temperature, 0.0);
    EXPECT_EQ(asked.top_k, 5);
    EXPECT_EQ(asked.max_tokens, 9);
    EXPECT_THAT(asked.stop, ElementsAre("mine"));
    EXPECT_EQ(asked.seed, std::nullopt);
}

}  // namespace
}  // namespace threadrunner::model
