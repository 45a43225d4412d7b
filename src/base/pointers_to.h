#pragma once

#include <string>
#include <vector>

namespace threadrunner {

/// Pointers to texts, for exec and spawn, with the null at the end; valid as long as the texts.
[[nodiscard]] inline std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (std::string& text : texts) {
        out.push_back(text.data());
    }
    out.push_back(nullptr);
    return out;
}

}  // namespace threadrunner
