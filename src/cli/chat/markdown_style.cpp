#include "cli/chat/markdown_style.h"

#include <algorithm>
#include <utility>

namespace threadrunner::cli {
namespace {

constexpr std::size_t indent_max = 3;  // more is code, or belongs to a list
constexpr std::size_t heading_level_max = 6;
constexpr std::size_t number_digits_max = 9;
constexpr std::size_t fence_length_min = 3;
constexpr std::size_t fence_line_max = 80;  // a longer line closes none

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A part of a word; every byte beyond ASCII counts as one.
bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
}

std::size_t run_of(std::string_view text, char c) {
    return std::min(text.find_first_not_of(c), text.size());
}

/// What the begin of a line means.
enum class Start : std::uint8_t { unclear, text, heading, quote, list_item, fence };

Start heading_or_text(std::string_view rest) {
    const std::size_t level = run_of(rest, '#');
    if (level == rest.size()) {
        return level > heading_level_max ? Start::text : Start::unclear;
    }
    return level <= heading_level_max && rest[level] == ' ' ? Start::heading : Start::text;
}

Start fence_or_text(std::string_view rest) {
    const std::size_t length = run_of(rest, rest[0]);
    if (length == rest.size()) {
        return Start::unclear;
    }
    return length >= fence_length_min ? Start::fence : Start::text;
}

Start item_or_text(std::string_view rest) {
    std::size_t marker = 1;  // of a list: - * +, or a number with . or )
    if (rest[0] != '-' && rest[0] != '*' && rest[0] != '+') {
        const auto* const digits_end = std::ranges::find_if_not(rest, is_digit);
        const auto digits = static_cast<std::size_t>(digits_end - rest.begin());
        if (digits == 0 || digits > number_digits_max) {
            return Start::text;
        }
        if (digits < rest.size() && rest[digits] != '.' && rest[digits] != ')') {
            return Start::text;
        }
        marker = digits + 1;
    }
    if (marker >= rest.size()) {
        return Start::unclear;
    }
    return rest[marker] == ' ' ? Start::list_item : Start::text;
}

/// `rest` is a line from its first character that is no blank; more of it may come.
Start start_of(std::string_view rest) {
    if (rest.empty()) {
        return Start::unclear;
    }
    switch (rest[0]) {
        case '>':
            return Start::quote;
        case '#':
            return heading_or_text(rest);
        case '`':
        case '~':
            return fence_or_text(rest);
        default:
            return item_or_text(rest);
    }
}

}  // namespace

std::string MarkdownStyle::push(std::string_view text) {
    for (const char c : text) {
        take(c);
    }
    return std::exchange(out_, {});
}

std::string MarkdownStyle::finish() {
    end_line();
    put("", Look{});
    fence_ = '\0';
    return std::exchange(out_, {});
}

void MarkdownStyle::take(char c) {
    if (c == '\n') {
        end_line();
        put('\n', Look{});
    } else if (block_ == Block::undecided) {
        line_start_ += c;
        fence_ == '\0' ? decide(line_start_) : decide_in_fence(false);
    } else if (block_ == Block::code || block_ == Block::fence_line) {
        put(c, look());
    } else {
        inline_character(c);
    }
}

void MarkdownStyle::end_line() {
    if (block_ == Block::undecided && !line_start_.empty()) {
        fence_ == '\0' ? decide(line_start_ + '\n') : decide_in_fence(true);
    }
    end_marker('\n');
    block_ = Block::undecided;
    before_ = ' ';
    escaped_ = bold_ = italic_ = false;
    code_ticks_ = 0;
}

void MarkdownStyle::decide(std::string_view line) {
    const std::size_t indent = run_of(line, ' ');
    Start start = start_of(line.substr(indent));
    if (start == Start::unclear) {
        return;
    }
    if (indent > indent_max && start != Start::list_item) {
        start = Start::text;
    }
    const std::string waited = std::exchange(line_start_, {});
    block_ = start == Start::heading ? Block::heading
             : start == Start::quote ? Block::quote
             : start == Start::fence ? Block::fence_line
                                     : Block::text;
    if (start == Start::fence) {
        fence_ = waited[indent];
        fence_length_ = run_of(std::string_view(waited).substr(indent), fence_);
        put(waited, look());
    } else if (start == Start::list_item) {
        put(waited, Look{.bold = true});
    } else {
        for (const char c : waited) {
            inline_character(c);
        }
    }
}

void MarkdownStyle::decide_in_fence(bool line_is_whole) {
    const std::size_t indent = run_of(line_start_, ' ');
    const std::string_view rest = std::string_view(line_start_).substr(indent);
    const std::size_t length = run_of(rest, fence_);
    // as long as the one that opened, alone on its line
    const bool may_close = run_of(rest.substr(length), ' ') == rest.size() - length;
    const bool could_grow = !line_is_whole && line_start_.size() < fence_line_max;
    if (may_close && could_grow) {
        return;
    }
    const bool closes = may_close && line_is_whole && length >= fence_length_;
    block_ = closes ? Block::fence_line : Block::code;
    put(std::exchange(line_start_, {}), look());
    fence_ = closes ? '\0' : fence_;
}

void MarkdownStyle::inline_character(char c) {
    if (!marker_.empty() && marker_[0] != c) {
        end_marker(c);
    }
    const bool may_mark = c == '`' || (code_ticks_ == 0 && (c == '*' || c == '_'));
    if (may_mark && !escaped_) {
        marker_ += c;
        return;
    }
    escaped_ = c == '\\' && !escaped_ && code_ticks_ == 0;
    put(c, look());
    before_ = c;
}

/// The run of markers is whole, `next` follows it: now it is clear what it does.
void MarkdownStyle::end_marker(char next) {
    if (marker_.empty()) {
        return;
    }
    const std::string marker = std::exchange(marker_, {});
    const Look look_before = look();
    if (marker[0] == '`') {
        if (code_ticks_ == 0 || code_ticks_ == marker.size()) {
            code_ticks_ = code_ticks_ == 0 ? marker.size() : 0;
        }
    } else if (marker.size() <= 3) {
        bold_ = marker.size() >= 2 ? toggled(bold_, marker[0], next) : bold_;
        italic_ = marker.size() != 2 ? toggled(italic_, marker[0], next) : italic_;
    }
    // the marker looks like what it encloses
    const Look look_after = look();
    put(marker, Look{.bold = look_before.bold || look_after.bold,
                     .italic = look_before.italic || look_after.italic,
                     .dim = look_before.dim || look_after.dim,
                     .code = look_before.code || look_after.code});
    before_ = marker.back();
}

/// Markers open before text and not within a word, and close after text.
bool MarkdownStyle::toggled(bool on, char marker, char next) const {
    if (on) {
        return is_blank(before_) || (marker == '_' && is_word(next));
    }
    return !is_blank(next) && !is_word(before_);
}

MarkdownStyle::Look MarkdownStyle::look() const {
    switch (block_) {
        case Block::fence_line:
            return {.dim = true};
        case Block::code:
            return {.code = true};
        default:
            return {.bold = bold_ || block_ == Block::heading,
                    .italic = italic_,
                    .dim = block_ == Block::quote,
                    .code = code_ticks_ > 0};
    }
}

void MarkdownStyle::put(std::string_view text, const Look& look) {
    if (look != shown_) {
        out_ += "\x1b[0";
        out_ += look.bold ? ";1" : "";
        out_ += look.dim ? ";2" : "";
        out_ += look.italic ? ";3" : "";
        out_ += look.code ? ";36" : "";
        out_ += 'm';
        shown_ = look;
    }
    out_ += text;
}

}  // namespace threadrunner::cli
