#include "cli/daemon_environment.h"

#include <unistd.h>

#include <string_view>

#include "cli/request.h"

namespace threadrunner::cli {

std::vector<std::string> daemon_environment(const Home& home) {
    constexpr std::string_view home_is = "THREADRUNNER_HOME=";
    constexpr std::string_view model_is = "THREADRUNNER_MODEL_PATH=";
    std::vector<std::string> out = {std::string(home_is) + home.root.string()};
    for (char** at = environ; *at != nullptr; ++at) {
        const std::string_view variable = *at;
        if (variable.starts_with(model_is)) {
            const std::string model(variable.substr(model_is.size()));
            out.push_back(std::string(model_is) + resolve_model(model));
        } else if (!variable.starts_with(home_is)) {
            out.emplace_back(variable);
        }
    }
    return out;
}

}  // namespace threadrunner::cli
