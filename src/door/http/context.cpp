#include "door/http/context.h"

#include <algorithm>

namespace threadrunner::http {

ModelAddress Context::address_of(std::string_view name) const {
    if (name.empty()) {
        return standard;
    }
    const std::size_t colon = std::min(name.find(':'), name.size());
    const std::string backend(name.substr(0, colon));
    if (std::ranges::find(backends, backend) != backends.end()) {
        return {.backend = backend,
                .model = std::string(name.substr(std::min(colon + 1, name.size())))};
    }
    return {.backend = standard.backend, .model = std::string(name)};
}

}  // namespace threadrunner::http
