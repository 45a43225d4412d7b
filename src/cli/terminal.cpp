#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "base/paths.h"
#include "base/text.h"

namespace threadrunner::cli {
namespace {

bool locale_is_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        if (const auto value = environment(name)) {
            const std::string small = small_letters(*value);
            return small.find("utf-8") != std::string::npos ||
                   small.find("utf8") != std::string::npos;
        }
    }
    return false;
}

}  // namespace

Terminal find_terminal() {
    Terminal out;
    out.out = ::isatty(STDOUT_FILENO) == 1;
    out.err = ::isatty(STDERR_FILENO) == 1;
    out.redraw = out.err && environment("TERM").value_or("dumb") != "dumb";
    out.colour = out.redraw && !environment("NO_COLOR");
    out.utf8 = locale_is_utf8();
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        out.columns = size.ws_col;
    }
    return out;
}

}  // namespace threadrunner::cli
