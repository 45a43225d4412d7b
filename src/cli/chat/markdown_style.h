#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace threadrunner::cli {

/// Makes Markdown readable in a terminal while it streams. Parsers of whole documents would hold an
/// answer back until a paragraph has ended, and cannot take back what is on the screen; and an
/// answer that is not Markdown (2 * 3 * 4, __init__) must not lose a character. So this one only
/// adds looks: without its escape sequences the output is the input, exactly. A character waits at
/// most for the few that decide what it means; a marker that is never closed styles no more than
/// its line. Headings, quotes, list markers, fenced code; bold, italic, code within a line.
class MarkdownStyle {
public:
    /// The text, which must be safe for the terminal, with escape sequences between.
    [[nodiscard]] std::string push(std::string_view text);

    /// What waits, and the end of every style. Ready for another answer afterwards.
    [[nodiscard]] std::string finish();

private:
    /// What a whole line is.
    enum class Block : std::uint8_t { undecided, text, heading, quote, fence_line, code };

    struct Look {
        bool bold = false;
        bool italic = false;
        bool dim = false;
        bool code = false;
        [[nodiscard]] bool operator==(const Look&) const = default;
    };

    void take(char c);
    void end_line();
    void decide(std::string_view line);
    void decide_in_fence(bool line_is_whole);
    void inline_character(char c);
    void end_marker(char next);
    [[nodiscard]] bool toggled(bool on, char marker, char next) const;
    [[nodiscard]] Look look() const;
    void put(std::string_view text, const Look& look);
    void put(char c, const Look& look) { put(std::string_view(&c, 1), look); }

    std::string out_;
    Look shown_;  ///< what the terminal has been told
    Block block_ = Block::undecided;
    std::string line_start_;  ///< what waits for the decision what the line is
    // within a line
    std::string marker_;  ///< a run of one of * _ ` that waits for what follows
    char before_ = ' ';   ///< the character before the marker
    bool escaped_ = false;
    bool bold_ = false;
    bool italic_ = false;
    std::size_t code_ticks_ = 0;  ///< that opened the code we are in; 0: none
    // across lines
    char fence_ = '\0';  ///< the character of the open fence
    std::size_t fence_length_ = 0;
};

}  // namespace threadrunner::cli
