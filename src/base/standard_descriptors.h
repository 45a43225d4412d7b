#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace threadrunner {

/// Makes sure that descriptors 0 to 2 are open, with /dev/null where the caller closed one: the
/// next file to be opened would get its number, and what is meant for a terminal would go there.
/// Call first in main().
inline void open_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) == -1) {
            static_cast<void>(::open("/dev/null", O_RDWR));
        }
    }
}

}  // namespace threadrunner
