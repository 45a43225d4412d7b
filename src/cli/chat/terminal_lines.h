#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "cli/chat/history_file.h"
#include "cli/chat/line_source.h"

namespace threadrunner::cli {

/// Lines that a person types, edited with libedit (~/.editrc is read) and brought back by the arrow
/// keys, also in the next chat. A text that is pasted is one line, whatever breaks it holds.
/// Prompts are drawn on stderr where that is a terminal, else on the terminal itself.
class TerminalLines : public LineSource {
public:
    /// `history` is a file that need not exist. An error when no terminal can be drawn on.
    [[nodiscard]] static Result<std::unique_ptr<TerminalLines>> open(HistoryFile history);
    ~TerminalLines() override;

    [[nodiscard]] Line read(bool continues) override;
    void remember(const std::string& turn) override;

private:
    struct Editor;

    explicit TerminalLines(HistoryFile history, std::unique_ptr<Editor> editor);

    HistoryFile history_;
    std::unique_ptr<Editor> editor_;
};

}  // namespace threadrunner::cli
