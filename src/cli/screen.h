#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace threadrunner::cli {

/// What is to be written to stdout and stderr, in order. Entirely passive: views append, the
/// console takes from the front. What goes to the same stream in a row becomes one piece, so that
/// thousands of tokens that arrived together are one write.
class Screen {
public:
    enum class Stream : std::uint8_t { out, err };
    struct Piece {
        Stream stream;
        std::string text;
    };

    void out(std::string_view text) { append(Stream::out, text); }
    void err(std::string_view text) { append(Stream::err, text); }

    [[nodiscard]] std::deque<Piece>& pieces() { return pieces_; }

private:
    void append(Stream stream, std::string_view text) {
        if (text.empty()) {
            return;
        }
        if (pieces_.empty() || pieces_.back().stream != stream) {
            pieces_.push_back({stream, {}});
        }
        pieces_.back().text += text;
    }

    std::deque<Piece> pieces_;
};

}  // namespace threadrunner::cli
