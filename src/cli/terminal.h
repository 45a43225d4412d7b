#pragma once

namespace threadrunner::cli {

/// What stdout and stderr are, and what may be written to them.
struct Terminal {
    bool out = false;     ///< stdout is a terminal
    bool err = false;     ///< stderr is a terminal
    bool redraw = false;  ///< stderr is one that understands "erase this line" (TERM is not dumb)
    bool colour = false;  ///< and colours are wanted (NO_COLOR)
    bool utf8 = false;    ///< the locale's text is UTF-8
    int columns = 80;     ///< of stderr
};

/// The facts of this process.
[[nodiscard]] Terminal find_terminal();

}  // namespace threadrunner::cli
