#include "door/http/message.h"

#include <algorithm>

#include "base/percent_encoding.h"
#include "base/text.h"

namespace threadrunner::http {

std::string_view header_value(const std::vector<Header>& headers, std::string_view name) {
    const auto found = std::ranges::find(headers, name, &Header::first);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string Request::parameter(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const std::string_view pair = take_entry(rest, "&");
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (percent_decoded(pair.substr(0, equals)) == name) {
            std::string value(pair.substr(std::min(equals + 1, pair.size())));
            std::ranges::replace(value, '+', ' ');
            return percent_decoded(value);
        }
    }
    return {};
}

}  // namespace threadrunner::http
