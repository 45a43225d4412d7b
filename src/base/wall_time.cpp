#include "base/wall_time.h"

#include <array>
#include <ctime>

namespace threadrunner {

WallTime wall_now() { return std::chrono::system_clock::now(); }

WallTime wall_time(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

std::string rfc3339(WallTime time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    const auto rest = std::chrono::floor<std::chrono::microseconds>(time - second).count();
    const std::time_t since_1970 = std::chrono::system_clock::to_time_t(second);
    std::tm parts{};
    ::gmtime_r(&since_1970, &parts);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%FT%T.", &parts);
    const std::string microseconds = std::to_string(rest);
    return std::string(text.data(), length) + std::string(6 - microseconds.size(), '0') +
           microseconds + "Z";
}

}  // namespace threadrunner
