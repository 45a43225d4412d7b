#include "gguf/file_type.h"

#include <array>

namespace threadrunner::gguf {
namespace {

// enum llama_ftype of llama.h, by number; empty where a number is no longer used.
constexpr std::array<std::string_view, 42> names = {
    "F32",   "F16",     "Q4_0",   "Q4_1",   "",       "",        "",       "Q8_0",   "Q5_0",
    "Q5_1",  "Q2_K",    "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S",  "Q4_K_M", "Q5_K_S", "Q5_K_M",
    "Q6_K",  "IQ2_XXS", "IQ2_XS", "Q2_K_S", "IQ3_XS", "IQ3_XXS", "IQ1_S",  "IQ4_NL", "IQ3_S",
    "IQ3_M", "IQ2_S",   "IQ2_M",  "IQ4_XS", "IQ1_M",  "BF16",    "",       "",       "",
    "TQ1_0", "TQ2_0",   "MXFP4",  "NVFP4",  "Q1_0",   "Q2_0",
};
static_assert(names[15] == "Q4_K_M" && names[32] == "BF16" && names[41] == "Q2_0");

constexpr std::uint64_t guessed_bit = 1024;  // set by tools that inferred the number

}  // namespace

std::string_view file_type_name(std::uint64_t file_type) {
    const std::uint64_t number = file_type & ~guessed_bit;
    return number < names.size() ? names[number] : std::string_view();
}

}  // namespace threadrunner::gguf
