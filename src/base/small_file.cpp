#include "base/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "base/limits.h"
#include "base/number.h"
#include "base/unique_fd.h"

namespace threadrunner {

std::optional<std::string> read_small_file(const std::filesystem::path& file) {
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        return std::nullopt;
    }
    std::string out;
    std::array<char, 16 * limits::kib> buffer;
    while (out.size() < limits::mib) {
        const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
        if (size < 0) {
            return std::nullopt;
        }
        if (size == 0) {
            break;
        }
        out.append(buffer.data(), static_cast<std::size_t>(size));
    }
    if (out.ends_with('\n')) {
        out.pop_back();
    }
    return out;
}

std::optional<std::uint64_t> read_number(const std::filesystem::path& file) {
    const auto text = read_small_file(file);
    return text ? number_from<std::uint64_t>(*text) : std::nullopt;
}

}  // namespace threadrunner
