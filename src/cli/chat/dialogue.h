#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/decode.h"

namespace threadrunner::cli {

/// What was said in a chat, whole: it goes to the model with every question, and nothing of it is
/// ever left out. Questions and answers alternate, so that every template takes them.
class Dialogue {
public:
    /// A question that waits for its answer.
    void ask(std::string question);

    /// The answer to it.
    void answer(std::string text);

    /// The question got no answer: it is no part of the conversation.
    void withdraw();

    /// Takes the last exchange back, to ask again: its question; empty when there is none.
    [[nodiscard]] std::string take_back();

    void clear();
    [[nodiscard]] bool empty() const { return messages_.empty(); }

    /// OpenAI's shape, without the system's message.
    [[nodiscard]] const wire::Json& messages() const { return messages_; }

    /// For people, and for programs (with the system's message).
    [[nodiscard]] std::string as_markdown(std::string_view system) const;
    [[nodiscard]] std::string as_json(std::string_view system) const;

private:
    wire::Json messages_ = wire::Json::array();
};

/// Writes conversations to files, 0600. A file that is there is only replaced if it is one that
/// this chat has written: `conflict`.
class DialogueSaver {
public:
    /// `file` may begin with "~/"; one that ends in .json gets messages, others Markdown. The
    /// absolute path that was written.
    [[nodiscard]] Result<std::filesystem::path> save(const Dialogue& dialogue,
                                                     std::string_view system,
                                                     const std::string& file);

private:
    std::set<std::filesystem::path> written_;
};

}  // namespace threadrunner::cli
