#include "door/http/message.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace threadrunner::http {

std::string_view header_value(const std::vector<Header>& headers, std::string_view name) {
    const auto found = std::ranges::find(headers, name, &Header::first);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string Request::parameter(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (percent_decoded(pair.substr(0, equals)) == name) {
            std::string value(pair.substr(std::min(equals + 1, pair.size())));
            std::ranges::replace(value, '+', ' ');
            return percent_decoded(value);
        }
    }
    return {};
}

std::string percent_decoded(std::string_view text) {
    constexpr std::size_t escape = 3;  ///< %2F
    std::string out;
    while (!text.empty()) {
        unsigned char byte = 0;
        const char* const digits = text.data() + 1;
        const char* const end = text.data() + escape;
        if (text.size() >= escape && text.front() == '%' &&
            std::from_chars(digits, end, byte, 16).ptr == end) {
            out += static_cast<char>(byte);
            text.remove_prefix(escape);
        } else {
            out += text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace threadrunner::http
