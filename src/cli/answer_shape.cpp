#include "cli/answer_shape.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/unique_fd.h"

namespace threadrunner::cli {
namespace {

constexpr std::string_view standard_input = "-";

Result<std::string> read_file(const std::string& path) {
    // non-blocking: a FIFO that nobody writes must not hang the command
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        return fail_system(ErrorCode::invalid_request, "cannot read " + path, errno);
    }
    std::string out;
    std::array<char, 64 * limits::kib> buffer;
    for (;;) {
        const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
        if (size == 0) {
            return out;
        }
        if (size < 0) {
            return fail_system(ErrorCode::invalid_request, "cannot read " + path, errno);
        }
        out.append(buffer.data(), static_cast<std::size_t>(size));
        if (out.size() > limits::answer_shape_bytes_max) {
            return fail(ErrorCode::too_large,
                        path + " is larger than " + format_bytes(limits::answer_shape_bytes_max));
        }
    }
}

std::expected<std::string, Failure> text_of(std::string_view option, const std::string& path,
                                            std::optional<std::string>& input) {
    if (path == standard_input) {
        if (!input) {
            return fail_usage(std::string(option) +
                              " - reads a pipe or a file from stdin, and "
                              "there is none");
        }
        return *std::exchange(input, std::nullopt);
    }
    auto text = read_file(path);
    if (!text) {
        return fail_usage(std::string(option) + ": " + text.error().message);
    }
    return *std::move(text);
}

/// A reference to another document; decoding has bounded the depth.
std::string reference_outside(const wire::Json& schema) {
    if (!schema.is_structured()) {
        return {};
    }
    if (schema.is_object()) {
        const auto reference = schema.find("$ref");
        if (reference != schema.end() && reference->is_string() &&
            !reference->get_ref<const std::string&>().starts_with('#')) {
            return reference->get<std::string>();
        }
    }
    for (const wire::Json& inner : schema) {
        if (std::string found = reference_outside(inner); !found.empty()) {
            return found;
        }
    }
    return {};
}

/// What of a schema can be checked without llama.cpp; the engine checks the rest.
std::expected<void, Failure> check_schema(const std::string& path, const std::string& text) {
    const auto schema = wire::decode_json(text);
    if (!schema) {
        return fail_usage("--schema: " + path + " is not JSON: " + schema.error().message);
    }
    if (!schema->is_object()) {
        return fail_usage("--schema: " + path +
                          R"( holds no JSON schema, which is an object such as {"type":"object"})");
    }
    if (const std::string reference = reference_outside(*schema); !reference.empty()) {
        return fail_usage("--schema: " + path + " refers to " + reference +
                          "; only references within the schema are followed: #/$defs/…");
    }
    return {};
}

}  // namespace

bool shape_takes_input(const Options& options) {
    return options.schema == standard_input || options.grammar == standard_input;
}

std::expected<void, Failure> add_answer_shape(wire::Json& request, const Options& options,
                                              std::optional<std::string>& input) {
    if (options.schema && options.grammar) {
        return fail_usage("give either --schema or --grammar: an answer has one shape");
    }
    if (options.schema) {
        auto text = text_of("--schema", *options.schema, input);
        if (!text) {
            return std::unexpected(text.error());
        }
        if (auto checked = check_schema(*options.schema, *text); !checked) {
            return checked;
        }
        request["json_schema"] = *std::move(text);
    }
    if (options.grammar) {
        auto text = text_of("--grammar", *options.grammar, input);
        if (!text) {
            return std::unexpected(text.error());
        }
        if (utf8_valid_prefix(*text) != text->size() || text->find("root") == std::string::npos) {
            return fail_usage("--grammar: " + *options.grammar +
                              R"( holds no grammar with a rule 'root', such as root ::= "yes")");
        }
        request["grammar"] = *std::move(text);
    }
    return {};
}

}  // namespace threadrunner::cli
