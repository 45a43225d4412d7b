#include "job/work.h"

#include <array>

namespace threadrunner {

std::string_view work_name(const Work& work) {
    static constexpr std::array<std::string_view, std::variant_size_v<Work>> names = {
        "generate", "embed", "tokenize", "detokenize", "load"};
    return names[work.index()];
}

}  // namespace threadrunner
