#include "cli/tool_words.h"

#include <filesystem>
#include <system_error>
#include <utility>

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
