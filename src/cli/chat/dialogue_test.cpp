#include "cli/chat/dialogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/scratch_directory.h"

namespace threadrunner::cli {
namespace {

using testing::HasSubstr;
using wire::Json;

std::string content_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

Dialogue one_exchange() {
    Dialogue dialogue;
    dialogue.ask("Why?");
    dialogue.answer("Because.");
    return dialogue;
}

TEST(Dialogue, GoesWholeToTheModel) {
    Dialogue dialogue = one_exchange();
    dialogue.ask("Really?");
    EXPECT_EQ(dialogue.messages(), (Json{{{"role", "user"}, {"content", "Why?"}},
                                         {{"role", "assistant"}, {"content", "Because."}},
                                         {{"role", "user"}, {"content", "Really?"}}}));
}

TEST(Dialogue, AQuestionWithoutAnAnswerLeavesNoTrace) {
    Dialogue dialogue = one_exchange();
    const Json before = dialogue.messages();
    dialogue.ask("Really?");
    dialogue.withdraw();
    EXPECT_EQ(dialogue.messages(), before);
}

TEST(Dialogue, TheLastQuestionCanBeAskedAgain) {
    Dialogue dialogue = one_exchange();
    EXPECT_EQ(dialogue.take_back(), "Why?");
    EXPECT_TRUE(dialogue.empty());
    EXPECT_EQ(dialogue.take_back(), "");
}

TEST(DialogueSaver, WritesMarkdownForPeopleAndMessagesForPrograms) {
    const ScratchDirectory files;
    DialogueSaver saver;
    ASSERT_TRUE(saver.save(one_exchange(), "Be brief.", files / "a.md"));
    EXPECT_EQ(content_of(files / "a.md"),
              "# A conversation\n\n## System\n\nBe brief.\n\n## Question\n\nWhy?\n\n## Answer\n\n"
              "Because.\n");
    ASSERT_TRUE(saver.save(one_exchange(), "Be brief.", files / "a.json"));
    const auto saved = wire::decode_json(content_of(files / "a.json"));
    ASSERT_TRUE(saved);
    EXPECT_EQ(saved->at("messages").size(), 3U);
    EXPECT_EQ(saved->at("messages")[0]["content"], "Be brief.");
    EXPECT_EQ(std::filesystem::status(files / "a.md").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(DialogueSaver, NeverReplacesAFileOfSomebodyElse) {
    const ScratchDirectory files;
    const auto other = files.write("notes.md", "mine");
    DialogueSaver saver;
    const auto refused = saver.save(one_exchange(), "", other);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("notes.md is there already"));
    EXPECT_EQ(content_of(other), "mine");
    ASSERT_TRUE(saver.save(one_exchange(), "", files / "b.md"));
    EXPECT_TRUE(saver.save(Dialogue(), "", files / "b.md")) << "its own it may";
    EXPECT_EQ(content_of(files / "b.md"), "# A conversation\n");
    EXPECT_FALSE(saver.save(one_exchange(), "", "/nowhere/at/all.md"));
}

}  // namespace
}  // namespace threadrunner::cli
