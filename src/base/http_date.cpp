#include "base/http_date.h"

#include <array>
#include <ctime>

namespace threadrunner {

std::string http_date_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %T GMT", &parts)};
}

}  // namespace threadrunner
