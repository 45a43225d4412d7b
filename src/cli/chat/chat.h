#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/chat/dialogue.h"
#include "cli/chat/line_source.h"
#include "cli/chat/slash_command.h"
#include "cli/chat/turn.h"
#include "cli/commands/context.h"
#include "cli/conversation.h"

namespace threadrunner::cli {

/// A conversation: turns in, answers on stdout, all else on stderr. With a person at the terminal
/// what fails is said, and the chat goes on; from a pipe the first failure ends it. Each question
/// goes out on a connection of its own, so that a daemon that has gone is started again.
class Chat {
public:
    /// `shape` holds members for every request (a schema, tools). It borrows all but the values.
    Chat(Context& context, Options options, wire::Json shape, LineSource& lines, bool with_person);

    /// Until the person leaves or the lines end.
    [[nodiscard]] Outcome run();

private:
    /// What a turn or a line leads to: going on, or the end with this outcome.
    using Step = std::optional<Outcome>;

    [[nodiscard]] Step take_line();
    [[nodiscard]] Step take_interrupt(const Line& line);
    [[nodiscard]] Step take_turn(std::string turn);
    [[nodiscard]] Step obey(const SlashCommand& command);
    [[nodiscard]] Step change_model(const std::string& name);
    [[nodiscard]] Step save(const std::string& file);
    [[nodiscard]] Step retry();
    [[nodiscard]] Step ask(std::string question);
    [[nodiscard]] wire::Json request() const;
    [[nodiscard]] Step take_answer(const Ending& ending, std::string text);
    [[nodiscard]] Step take_error(Error error, std::string question);
    [[nodiscard]] Step fault(Failure failure);
    [[nodiscard]] Step show_written();
    void set_system(const std::string& text);
    void show_help();
    /// For a person; a pipe is not told.
    void note(std::string_view text);

    Context& context_;
    Options options_;
    wire::Json shape_;
    LineSource& lines_;
    bool with_person_;
    TurnAssembler turns_;
    Dialogue dialogue_;
    DialogueSaver saver_;
    std::string unanswered_;  ///< the last question, where it got no answer
    bool told_how_to_leave_ = false;
};

}  // namespace threadrunner::cli
