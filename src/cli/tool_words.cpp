#include "cli/tool_words.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;
using wire::Json;

std::string absolute(const std::string& path) {
    std::error_code error;
    const fs::path out = fs::absolute(path, error).lexically_normal();
    return error ? path : out.string();
}

Json value_of(const std::string& text) {
    auto parsed = wire::decode_json(text);
    return parsed ? *std::move(parsed) : Json(text);
}

/// Nothing that ends a word, quotes, or is no character to see.
bool is_bare_word(const std::string& text) {
    const auto stays = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > ' ' && byte != 0x7F && c != '"' && c != '\'' && c != '\\';
    };
    return !text.empty() && std::ranges::all_of(text, stays) && value_of(text).is_string();
}

std::string word_of(const Json& value) {
    const auto* const text = value.get_ptr<const std::string*>();
    return text != nullptr && is_bare_word(*text) ? *text : wire::encode_json(value);
}

}  // namespace

Result<Json> call_arguments(Words words) {
    Json out = Json::object();
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0) {
            return fail(ErrorCode::invalid_request,
                        "'" + word +
                            "' is no KEY=VALUE; the arguments may also be a JSON file, or "
                            "-, alone behind the op");
        }
        const std::string key = word.substr(0, equals);
        const std::string text = word.substr(equals + 1);
        Json value = key == "path" ? Json(absolute(text)) : value_of(text);
        if (!out.contains(key)) {
            out[key] = std::move(value);
            continue;
        }
        Json& before = out[key];
        if (!before.is_array()) {
            before = Json::array({std::move(before)});
        }
        before.push_back(std::move(value));
    }
    return out;
}

std::string call_in_words(std::string_view function, const Json& arguments) {
    std::string out(function);
    if (!arguments.is_object()) {
        out += arguments.is_null() ? "" : " " + wire::encode_json(arguments);
    } else {
        for (const auto& [key, value] : arguments.items()) {
            out += " " + (is_bare_word(key) ? key : wire::encode_json(key)) + "=" + word_of(value);
        }
    }
    return safe_text(out);
}

Result<Json> directory_grant(const std::string& text) {
    const bool has_mode = text.ends_with(":ro") || text.ends_with(":rw");
    const std::string both = text.substr(0, text.size() - (has_mode ? 3 : 0));
    const std::size_t at = both.rfind("::");
    if (at == std::string::npos || at == 0 || !both.substr(at + 2).starts_with('/')) {
        return fail(ErrorCode::invalid_request,
                    "--dir wants HOST::GUEST or HOST::GUEST:ro, as in ~/Music::/music:ro, not '" +
                        text + "'");
    }
    return Json{{"host", absolute(both.substr(0, at))},
                {"guest", both.substr(at + 2)},
                {"mode", text.ends_with(":ro") ? "ro" : "rw"}};
}

}  // namespace threadrunner::cli
