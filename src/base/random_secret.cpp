#include "base/random_secret.h"

#include <sys/random.h>

#include <cassert>
#include <cerrno>
#include <vector>

#include "base/hex.h"

namespace threadrunner {

Result<std::string> random_secret(std::size_t bytes) {
    assert(bytes <= 256);
    std::vector<unsigned char> random(bytes);
    if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
        return fail_system(ErrorCode::internal, "cannot make a random secret", errno);
    }
    return hex(random);
}

}  // namespace threadrunner
