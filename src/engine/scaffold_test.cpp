#include "engine/scaffold.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chat.h"

namespace threadrunner::engine {
namespace {

struct Message {
    const char* role;
    const char* content;
};

common_chat_params rendered(const std::vector<Message>& messages) {
    const auto templates = common_chat_templates_init(nullptr, std::string(scaffold_template()));
    common_chat_templates_inputs inputs;
    inputs.force_pure_content = true;
    for (const Message& message : messages) {
        common_chat_msg& added = inputs.messages.emplace_back();
        added.role = message.role;
        added.content = message.content;
    }
    return common_chat_templates_apply(templates.get(), inputs);
}

std::string prompt(const std::vector<Message>& messages) { return rendered(messages).prompt; }

bool ends_with(const std::string& text, std::string_view end) { return text.ends_with(end); }

TEST(Scaffold, ShowsTheFormBeforeTheQuestion) {
    const std::string text = prompt({{"user", "Who wrote Hamlet?"}});
    EXPECT_TRUE(text.starts_with("Answer ")) << text;
    EXPECT_NE(text.find("\n\nQuestion: What is a rainbow?\nAnswer: A rainbow "), text.npos) << text;
    EXPECT_PRED2(ends_with, text, ".\n\nQuestion: Who wrote Hamlet?\nAnswer:");
}

TEST(Scaffold, KeepsTheConversation) {
    EXPECT_PRED2(ends_with, prompt({{"user", "Who?"}, {"assistant", "Ann."}, {"user", " Where? "}}),
                 "\n\nQuestion: Who?\nAnswer: Ann.\n\nQuestion: Where?\nAnswer:");
}

TEST(Scaffold, PutsTheSystemMessageInPlaceOfTheInstruction) {
    const std::string text = prompt({{"system", "Answer in rhymes."}, {"user", "Who?"}});
    EXPECT_TRUE(text.starts_with("Answer in rhymes.\n\nQuestion: What is a rainbow?")) << text;
    EXPECT_EQ(text.find("rhymes"), text.rfind("rhymes")) << text;
}

TEST(Scaffold, GoesOnWithAnAnswerThatWasBegun) {
    EXPECT_PRED2(ends_with, prompt({{"user", "Who?"}, {"assistant", "It was "}}),
                 "\n\nQuestion: Who?\nAnswer: It was");
}

TEST(Scaffold, GivesTheAnswerWithoutTheBlankBeforeIt) {
    const common_chat_params params = rendered({{"user", "Who?"}});
    common_chat_parser_params parser(params);
    parser.parser.load(params.parser);
    EXPECT_EQ(common_chat_parse(" Ann", true, parser).content, "Ann");
    EXPECT_EQ(common_chat_parse(" Ann did.", false, parser).content, "Ann did.");
}

TEST(Scaffold, AnswersEndWhereTheModelWouldAskOn) {
    EXPECT_EQ(scaffold_stops(), (std::vector<std::string>{"\n\n", "\nQuestion:"}));
}

}  // namespace
}  // namespace threadrunner::engine
