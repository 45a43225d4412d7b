#include "cli/model_view.h"

#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/result.h"
#include "cli/safe_text.h"
#include "cli/table.h"

namespace threadrunner::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string joined(const wire::Json& texts, std::string_view separator) {
    std::string out;
    for (const wire::Json& text : texts) {
        if (text.is_string()) {
            out += (out.empty() ? "" : std::string(separator)) + text.get<std::string>();
        }
    }
    return out;
}

std::string bytes_in(const wire::Json& object, std::string_view name) {
    return has_in(object, name) ? format_bytes(count_in(object, name)) : std::string();
}

/// "8.03 B", "270 M".
std::string count_text(std::uint64_t count) {
    struct Unit {
        double size;
        const char* name;
    };
    for (const Unit& unit : {Unit{1e12, " T"}, Unit{1e9, " B"}, Unit{1e6, " M"}, Unit{1e3, " K"}}) {
        const double scaled = static_cast<double>(count) / unit.size;
        if (scaled >= 1) {
            const auto tenths = static_cast<std::uint64_t>(scaled * 10 + 0.5);
            const std::string rest = tenths < 1000 && tenths % 10 > 0
                                         ? "." + std::to_string(tenths % 10)
                                         : std::string();
            return std::to_string(tenths / 10) + rest + unit.name;
        }
    }
    return std::to_string(count);
}

std::string default_text(const wire::Json& value) {
    if (value.is_array()) {
        return joined(value, ", ");
    }
    return value.is_string() ? value.get<std::string>() : wire::encode_json(value);
}

}  // namespace

std::string models_table(const wire::Json& result, const std::filesystem::path& folder) {
    Rows rows = {{"MODEL", "SIZE", "WEIGHTS", "CONTEXT", "MEMORY", "CAN", "ALIASES"}};
    for (const wire::Json& model : list_in(result, "models")) {
        rows.push_back({text_in(model, "name") + (flag_in(model, "default") ? " *" : ""),
                        bytes_in(model, "bytes"), text_in(model, "quantization"),
                        text_in(model, "context"), bytes_in(model, "memory_bytes"),
                        joined(list_in(model, "capabilities"), " "),
                        joined(list_in(model, "aliases"), " ")});
        if (const std::string error = text_in(model, "error"); !error.empty()) {
            rows.push_back({"  cannot be used: " + error});
        }
    }
    if (rows.size() == 1) {
        return "There are no models yet. Put a GGUF file into " + folder.string() +
               ", take one in where it lies: threadrunner models add FILE, or fetch one: "
               "threadrunner pull SOURCE\n";
    }
    return format_table(rows);
}

std::string model_names(const wire::Json& result) {
    std::string out;
    const auto add = [&](const std::string& name) {
        // what takes more than a line cannot be completed
        if (!name.empty() && name.find('\n') == std::string::npos) {
            out += safe_text(name) + "\n";
        }
    };
    for (const wire::Json& model : list_in(result, "models")) {
        add(text_in(model, "name"));
        for (const wire::Json& alias : list_in(model, "aliases")) {
            add(alias.is_string() ? alias.get<std::string>() : std::string());
        }
    }
    return out;
}

std::string model_text(const wire::Json& result) {
    Rows rows;
    const auto add = [&](std::string_view what, const std::string& value) {
        if (!value.empty()) {
            rows.push_back({std::string(what), value});
        }
    };
    const auto count = [&](std::string_view name) {
        return count_in(result, name) > 0 ? text_in(result, name) : std::string();
    };
    add("model", text_in(result, "name") + (flag_in(result, "default") ? " (the default)" : ""));
    add("aliases", joined(list_in(result, "aliases"), ", "));
    add("title", text_in(result, "title"));
    add("can", joined(list_in(result, "capabilities"), ", "));
    add("architecture", text_in(result, "architecture"));
    add("parameters", count_text(count_in(result, "parameters")));
    add("weights", text_in(result, "quantization") + ", " + bytes_in(result, "bytes"));
    add("context", count("context").empty() ? "" : count("context") + " tokens");
    add("embedding", count("embedding"));
    add("layers", count("layers"));
    add("memory", has_in(result, "memory_bytes")
                      ? bytes_in(result, "memory_bytes") + " when it is loaded"
                      : "");
    const std::string chat_template = text_in(result, "template");
    add("template", chat_template.empty() ? "none; questions are put in a plain form"
                                          : std::to_string(chat_template.size()) +
                                                " bytes, in: threadrunner show NAME --json");
    add(flag_in(result, "in_place") ? "in place" : "file", joined(list_in(result, "files"), ", "));
    for (const auto& [key, value] : object_in(result, "defaults").items()) {
        add(key, default_text(value));
    }
    add("cannot be used", text_in(result, "error"));
    return format_table(rows);
}

std::string removal_text(const wire::Json& result, bool done) {
    const std::string model = safe_text(text_in(result, "model"));
    if (has_in(result, "alias")) {
        const std::string alias = safe_text(text_in(result, "alias"));
        return (done ? "removed the alias " : "remove the alias ") + alias + " of " + model;
    }
    const wire::Json& files = list_in(result, "deleted");
    if (files.empty()) {
        return (done ? "forgot " : "forget ") + model + "; its file stays where it is";
    }
    return (done ? "deleted " : "delete ") + safe_text(joined(files, ", ")) + " (" +
           bytes_in(result, "bytes") + ")";
}

}  // namespace threadrunner::cli
