#include "cli/model_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using wire::Json;

Json gemma() {
    return {{"name", "gemma"},
            {"path", "/m/gemma.gguf"},
            {"files", {"/m/gemma.gguf"}},
            {"default", true},
            {"aliases", {"g", "small"}},
            {"in_place", false},
            {"bytes", 253U << 20},
            {"quantization", "Q4_K_M"},
            {"context", 32768U},
            {"parameters", 268098176U},
            {"memory_bytes", 974U << 20},
            {"capabilities", {"chat", "tools"}},
            {"template", "{{ messages }}"},
            {"defaults", {{"context", 8192}, {"stop", {"#", "x"}}}}};
}

TEST(ModelView, ATableTellsModelsApart) {
    const Json broken = {{"name", "torn"}, {"error", "torn.gguf is cut off"}};
    const std::string table = models_table({{"models", {gemma(), broken}}}, "/m");
    EXPECT_THAT(table,
                HasSubstr("gemma *  253 MiB  Q4_K_M   32768    974 MiB  chat tools  g small"));
    EXPECT_THAT(table, HasSubstr("\n  cannot be used: torn.gguf is cut off\n"));
}

TEST(ModelView, WithoutModelsItSaysHowToGetOne) {
    EXPECT_THAT(models_table({{"models", Json::array()}}, "/m"),
                AllOf(HasSubstr("into /m"), HasSubstr("models add FILE")));
}

TEST(ModelView, CompletionGetsNamesAndAliasesALineEach) {
    const Json odd = {{"name", "line\nbreak"}};
    EXPECT_EQ(model_names({{"models", {gemma(), odd}}}), "gemma\ng\nsmall\n");
}

TEST(ModelView, AModelIsShownWithWhatIsSetForIt) {
    const std::string text = model_text(gemma());
    EXPECT_THAT(text, HasSubstr("model       gemma (the default)\n"));
    EXPECT_THAT(text, HasSubstr("parameters  268 M\n"));
    EXPECT_THAT(text, HasSubstr("file        /m/gemma.gguf\n"));
    EXPECT_THAT(text, HasSubstr("context     8192\n"));
    EXPECT_THAT(text, HasSubstr("stop        #, x\n"));
    Json far = gemma();
    far["in_place"] = true;
    EXPECT_THAT(model_text(far), AllOf(HasSubstr("in place"), Not(HasSubstr("file  "))));
}

TEST(ModelView, ARemovalSaysWhatGoes) {
    const Json files = {{"model", "m"}, {"deleted", {"/m/m.gguf"}}, {"bytes", 1U << 20}};
    EXPECT_EQ(removal_text(files, false), "delete /m/m.gguf (1.0 MiB)");
    EXPECT_EQ(removal_text({{"model", "m"}, {"deleted", Json::array()}, {"alias", "a"}}, true),
              "removed the alias a of m");
    EXPECT_EQ(removal_text({{"model", "m"}, {"deleted", Json::array()}}, true),
              "forgot m; its file stays where it is");
}

}  // namespace
}  // namespace threadrunner::cli
