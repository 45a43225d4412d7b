#include "model/name.h"

#include <algorithm>
#include <string>

#include "base/limits.h"

namespace threadrunner::model {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_allowed(char c) {
    return is_letter_or_digit(c) || std::string_view("._:@+-").find(c) != std::string_view::npos;
}

std::unexpected<Error> refuse(std::string_view name, std::string_view why) {
    return fail(ErrorCode::invalid_request,
                "'" + std::string(name) + "' cannot be a model's name: " + std::string(why));
}

}  // namespace

Result<void> check_name(std::string_view name) {
    if (name.empty() || name.size() > limits::model_name_bytes_max) {
        return refuse(
            name, "it must have 1 to " + std::to_string(limits::model_name_bytes_max) + " bytes");
    }
    if (name.find('/') != std::string_view::npos) {
        return refuse(name, "it would be taken for a path; leave out the /");
    }
    if (name.ends_with(".gguf")) {
        return refuse(name, "it would be taken for a file; leave out .gguf");
    }
    if (name.starts_with("hf:") || name.starts_with("http:") || name.starts_with("https:")) {
        return refuse(name, "it would be taken for where a model comes from");
    }
    if (!is_letter_or_digit(name.front()) || !std::ranges::all_of(name, is_allowed)) {
        return refuse(name,
                      "it takes letters, digits and . _ : @ + - and begins with a letter or "
                      "a digit");
    }
    return {};
}

}  // namespace threadrunner::model
