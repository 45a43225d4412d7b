#pragma once

#include <cstdint>
#include <string>

namespace threadrunner::cli {

/// What came of waiting for a line.
struct Line {
    enum class How : std::uint8_t {
        line,
        end,          ///< the input is over: Ctrl-D, or the end of a pipe
        interrupted,  ///< Ctrl-C; what was typed is dropped
        failed,       ///< `text` says why
    };
    How how = How::end;
    std::string text;  ///< without its line break; a pasted text may hold some. UTF-8
};

/// Where a chat's lines come from.
class LineSource {
public:
    LineSource() = default;
    LineSource(const LineSource&) = delete;
    LineSource& operator=(const LineSource&) = delete;
    virtual ~LineSource() = default;

    /// Waits for the next line. `continues`: it goes on with a turn that has begun.
    [[nodiscard]] virtual Line read(bool continues) = 0;

    /// A whole turn that was entered, for those that can bring it back.
    virtual void remember(const std::string&) {}
};

}  // namespace threadrunner::cli
