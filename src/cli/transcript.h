#pragma once

#include <string>

#include "cli/screen.h"

namespace threadrunner::cli {

/// For tests: what a screen holds, as "out:…" and "err:…" pieces; the screen is empty afterwards.
inline std::string transcript(Screen& screen) {
    std::string out;
    for (const Screen::Piece& piece : screen.pieces()) {
        out += (piece.stream == Screen::Stream::out ? "[out]" : "[err]") + piece.text;
    }
    screen.pieces().clear();
    return out;
}

}  // namespace threadrunner::cli
