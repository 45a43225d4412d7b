#include "kinds/sandbox/call_files.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "base/tool_limits.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;
using wire::Json;

const std::string* text_in(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? &found->get_ref<const std::string&>()
                                                       : nullptr;
}

/// Puts the tool's word for it in a path's place.
Result<void> take_path(const CallFiles::Room& room, Json& args) {
    const std::string* const path = args.is_object() ? text_in(args, "path") : nullptr;
    if (path == nullptr) {
        return {};
    }
    auto place = room.grants.locate(*path, room.tool);
    if (!place) {
        return std::unexpected(place.error());
    }
    args["path"] = std::move(place->guest);
    return {};
}

/// What the file of a call's bytes is called: many tools go by the ending.
std::string file_name(const Json& args) {
    const std::string* given = text_in(args, "name");
    std::string name = given == nullptr ? "" : fs::path(*given).filename().string();
    const bool usable = !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
                        name.find('\0') == name.npos;
    return usable ? name : "data";
}

}  // namespace

bool brings_data(const Json& args) {
    return args.is_object() && args.contains("data") && !args.contains("path");
}

void encode_bytes(Json& value) {
    if (value.is_binary()) {
        const auto& bytes = value.get_binary();
        value = to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    } else if (value.is_structured()) {
        for (Json& inner : value) {
            encode_bytes(inner);
        }
    }
}

Result<void> CallFiles::prepare(const Room& room, Json& args) {
    if (brings_data(args)) {
        return take_data(room, args);
    }
    if (auto taken = take_path(room, args); !taken) {
        return taken;
    }
    if (const auto requests = args.find("requests");
        requests != args.end() && requests->is_array()) {
        for (Json& request : *requests) {
            if (auto taken = take_path(room, request); !taken) {
                return taken;
            }
        }
    }
    return {};
}

Result<void> CallFiles::take_data(const Room& room, Json& args) {
    const Json& given = args.at("data");
    std::optional<std::string> bytes;
    if (given.is_string()) {
        bytes = from_base64(given.get_ref<const std::string&>());
    }
    if (!bytes) {
        return fail(ErrorCode::invalid_request, "'data' takes the bytes of a file as base64");
    }
    data_ = *std::move(bytes);
    const std::string name = file_name(args);
    data_file_ = room.folder / name;
    std::ofstream out(data_file_, std::ios::binary);
    out << data_;
    if (!out.flush()) {
        return fail(ErrorCode::disk_full, "cannot write " + data_file_.string() +
                                              ", for the call's bytes; is there room on the disk?");
    }
    args.erase("data");
    args.erase("name");
    args["path"] = std::string(folder_guest) + "/" + name;
    return {};
}

Result<void> CallFiles::add_data(Json& answer) const {
    std::error_code error;
    if (data_file_.empty() || !answer.is_object() || fs::is_symlink(data_file_, error) ||
        !fs::is_regular_file(data_file_, error)) {
        return {};
    }
    if (fs::file_size(data_file_, error) > limits::tool_data_bytes_max) {
        return fail(ErrorCode::too_large,
                    "the changed bytes are more than " + format_bytes(limits::tool_data_bytes_max) +
                        ", too many for an answer; call the tool with a path");
    }
    std::ifstream in(data_file_, std::ios::binary);
    const std::string now((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (now != data_) {
        answer["data"] = to_base64(now);
    }
    return {};
}

}  // namespace threadrunner
