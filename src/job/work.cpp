#include "job/work.h"

#include <algorithm>
#include <array>

namespace threadrunner {

std::string_view work_name(const Work& work) {
    static constexpr std::array<std::string_view, std::variant_size_v<Work>> names = {
        "generate", "embed", "tokenize", "detokenize", "route", "call", "load"};
    if (const auto* route = std::get_if<work::Route>(&work)) {
        return route->path;
    }
    return names[work.index()];
}

std::size_t work_slots(const Work& work) {
    const auto* route = std::get_if<work::Route>(&work);
    return route != nullptr ? std::max<std::size_t>(1, route->slots) : 1;
}

}  // namespace threadrunner
