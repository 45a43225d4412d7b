#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace threadrunner::cli {

/// Makes turns of lines. A line is a turn, but for one that ends in a backslash (the next line goes
/// on) and one that begins with three double quotes (all up to the line that ends with three).
class TurnAssembler {
public:
    /// Takes a line; gives the turn that it completes. An empty line alone is an empty turn.
    [[nodiscard]] std::optional<std::string> push(std::string line);

    /// The input is over: what a turn that was not completed holds.
    [[nodiscard]] std::optional<std::string> finish();

    /// A turn has begun and needs more lines.
    [[nodiscard]] bool open() const { return form_ != Form::none; }

    /// The last turn was between quotes, so that a slash in it is text.
    [[nodiscard]] bool quoted() const { return quoted_; }

private:
    enum class Form : std::uint8_t { none, backslash, quotes };

    std::optional<std::string> push_quoted(std::string line);

    Form form_ = Form::none;
    bool quoted_ = false;
    std::string text_;
};

}  // namespace threadrunner::cli
