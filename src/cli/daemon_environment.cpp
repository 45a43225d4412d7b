#include "cli/daemon_environment.h"

#include <string_view>
#include <utility>

#include "base/own_environment.h"
#include "cli/request.h"

namespace threadrunner::cli {

std::vector<std::string> daemon_environment(const Home& home) {
    constexpr std::string_view home_is = "THREADRUNNER_HOME=";
    constexpr std::string_view model_is = "THREADRUNNER_MODEL_PATH=";
    std::vector<std::string> out = {std::string(home_is) + home.root.string()};
    for (std::string& variable : own_environment()) {
        if (variable.starts_with(model_is)) {
            out.push_back(std::string(model_is) + resolve_model(variable.substr(model_is.size())));
        } else if (!variable.starts_with(home_is)) {
            out.push_back(std::move(variable));
        }
    }
    return out;
}

}  // namespace threadrunner::cli
