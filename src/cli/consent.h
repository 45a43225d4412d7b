#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "cli/screen.h"
#include "cli/terminal.h"
#include "wire/event.h"

namespace threadrunner::cli {

/// Whether a person can be asked: there is a terminal to read the answer from, and stderr, where
/// questions are shown, is one, too.
[[nodiscard]] bool can_ask(const Terminal& terminal);

/// A person's yes or no to what tools would change, asked while a conversation goes on. Answers
/// come from the terminal itself, since stdin may be a pipe. Nothing here blocks: whoever owns it
/// polls fd() and calls take(). Without a terminal, and at its end, the answer is no.
class Consent {
public:
    /// It borrows the screen. The terminal is opened for the first question.
    explicit Consent(Screen& screen);
    /// Reads from `terminal`, which is non-blocking.
    Consent(Screen& screen, UniqueFd terminal);

    /// Asks about a call. There is an answer at once where "all" was said before, or nobody can be
    /// asked. What was typed before the question is no answer to it.
    [[nodiscard]] std::optional<bool> ask(const event::Tool& call);

    /// The call that was asked about last.
    [[nodiscard]] const std::string& call() const { return call_; }
    /// Whether that call is what the person is being asked about.
    [[nodiscard]] bool asks_about(std::string_view call) const { return asking_ && call_ == call; }

    /// Readable when there may be something to take; -1 while nothing is asked.
    [[nodiscard]] int fd() const;

    /// Takes in what was typed: the answer, once a line says it. A line that says something else is
    /// asked for again.
    [[nodiscard]] std::optional<bool> take();

    /// Nothing is asked any more.
    void withdraw();

    /// Something else is written below the question, which stands again after come_back().
    void step_aside();
    void come_back();

private:
    enum class Word : std::uint8_t { yes, no, all };

    [[nodiscard]] static std::optional<Word> word_of(std::string_view line);
    [[nodiscard]] std::optional<bool> take_line();
    bool settle(bool allowed);

    Screen& screen_;
    UniqueFd terminal_;
    bool all_ = false;
    bool asking_ = false;
    std::string call_;
    std::string question_;
    std::string typed_;  ///< since the last line break
};

}  // namespace threadrunner::cli
