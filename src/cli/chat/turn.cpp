#include "cli/chat/turn.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace threadrunner::cli {
namespace {

constexpr std::string_view quotes = "\"\"\"";

/// Two backslashes at a line's end are two backslashes.
bool goes_on(std::string_view line) {
    const std::size_t last_other = line.find_last_not_of('\\');
    const std::size_t count =
        line.size() - (last_other == std::string_view::npos ? 0 : last_other + 1);
    return count % 2 == 1;
}

}  // namespace

std::optional<std::string> TurnAssembler::push(std::string line) {
    if (form_ == Form::quotes) {
        return push_quoted(std::move(line));
    }
    if (form_ == Form::none) {
        quoted_ = line.starts_with(quotes);
        text_.clear();
        if (quoted_) {
            form_ = Form::quotes;
            return push_quoted(line.substr(quotes.size()));
        }
    }
    const bool more = goes_on(line);
    if (more) {
        line.pop_back();
    }
    text_ += line;
    if (more) {
        text_ += '\n';
        form_ = Form::backslash;
        return std::nullopt;
    }
    form_ = Form::none;
    return std::exchange(text_, {});
}

std::optional<std::string> TurnAssembler::push_quoted(std::string line) {
    const std::size_t end = line.find_last_not_of(" \t");
    const bool closes =
        end != std::string::npos && std::string_view(line).substr(0, end + 1).ends_with(quotes);
    if (closes) {
        line.resize(end + 1 - quotes.size());
    }
    // the quotes may stand on lines of their own
    if (!line.empty() || !text_.empty()) {
        text_ += line + "\n";
    }
    if (!closes) {
        return std::nullopt;
    }
    form_ = Form::none;
    text_.erase(std::min(text_.find_last_not_of('\n') + 1, text_.size()));
    return std::exchange(text_, {});
}

std::optional<std::string> TurnAssembler::finish() {
    if (std::exchange(form_, Form::none) == Form::none) {
        return std::nullopt;
    }
    text_.erase(std::min(text_.find_last_not_of('\n') + 1, text_.size()));
    return std::exchange(text_, {});
}

}  // namespace threadrunner::cli
