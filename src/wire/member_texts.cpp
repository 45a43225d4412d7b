#include "wire/member_texts.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"

namespace threadrunner::wire {
namespace {

constexpr std::string_view blanks = " \t\r\n";

/// Walks over JSON without reading it; every step moves on, or the text is none.
class Walk {
public:
    Walk(std::string_view text, const ChangeMember& change) : text_(text), change_(change) {}

    /// The members of the object that begins here; `parent`: its own name in another one.
    bool object(std::string_view parent) {
        if (!take('{')) {
            return false;
        }
        if (take('}')) {
            return true;
        }
        do {
            skip_blanks();
            const auto name = string();
            if (!name || !take(':') || !member(parent, *name)) {
                return false;
            }
        } while (take(','));
        return take('}');
    }

    /// The value of the object's own member of that name.
    std::optional<std::string_view> own(std::string_view name) {
        std::optional<std::string_view> found;
        if (!take('{')) {
            return found;
        }
        do {
            skip_blanks();
            const auto key = string();
            if (!key || !take(':')) {
                break;
            }
            skip_blanks();
            const std::size_t begin = at_;
            if (!value()) {
                break;
            }
            if (*key == name) {
                found = trimmed(text_.substr(begin, at_ - begin), blanks);
            }
        } while (take(','));
        return found;
    }

    /// The changed text, if the whole was an object.
    [[nodiscard]] std::string changed() {
        out_ += text_.substr(copied_);
        return std::move(out_);
    }
    [[nodiscard]] bool at_end() {
        skip_blanks();
        return at_ == text_.size();
    }

private:
    bool member(std::string_view parent, std::string_view name) {
        skip_blanks();
        const std::size_t begin = at_;
        const bool opens = at_ < text_.size() && text_[at_] == '{';
        if (opens && parent.empty() && !name.empty()) {
            return object(name);
        }
        if (!value()) {
            return false;
        }
        const std::string_view given = text_.substr(begin, at_ - begin);
        if (auto other = change_({.parent = parent, .name = name, .value = given})) {
            out_ += text_.substr(copied_, begin - copied_);
            out_ += *other;
            copied_ = at_;
        }
        return true;
    }

    /// A string's inside as it stands in the text; the names that we look for have no escapes.
    std::optional<std::string_view> string() {
        if (at_ >= text_.size() || text_[at_] != '"') {
            return std::nullopt;
        }
        const std::size_t begin = ++at_;
        while (at_ < text_.size() && text_[at_] != '"') {
            at_ += text_[at_] == '\\' ? 2 : 1;
        }
        const std::size_t end = std::min(at_, text_.size());
        ++at_;
        if (at_ > text_.size()) {
            return std::nullopt;
        }
        return text_.substr(begin, end - begin);
    }

    /// Over a value, however deep, without recursion.
    bool value() {
        const std::size_t begin = at_;
        for (std::size_t depth = 0; at_ < text_.size();) {
            const char c = text_[at_];
            if (c == '"') {
                string();
            } else if (c == '{' || c == '[') {
                ++depth;
                ++at_;
            } else if (depth > 0 && (c == '}' || c == ']')) {
                --depth;
                ++at_;
            } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
                break;
            } else {
                ++at_;
            }
        }
        return at_ > begin && at_ <= text_.size();
    }

    void skip_blanks() { at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size()); }

    bool take(char c) {
        skip_blanks();
        if (at_ < text_.size() && text_[at_] == c) {
            ++at_;
            return true;
        }
        return false;
    }

    std::string_view text_;
    const ChangeMember& change_;
    std::size_t at_ = 0;
    std::size_t copied_ = 0;
    std::string out_;
};

}  // namespace

std::string with_members_changed(std::string_view text, const ChangeMember& change) {
    Walk walk(text, change);
    return walk.object("") && walk.at_end() ? walk.changed() : std::string(text);
}

std::optional<std::string_view> member_text(std::string_view object, std::string_view name) {
    const ChangeMember none;
    return Walk(object, none).own(name);
}

}  // namespace threadrunner::wire
