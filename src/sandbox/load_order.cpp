#include "sandbox/load_order.h"

#include <algorithm>
#include <string_view>

#include "wire/fields.h"

namespace threadrunner::sandbox {
namespace {

using wire::Fields;
using wire::Json;

/// WASI takes texts as C has them: bounded, and with no zero in them.
std::string plain_text(Fields& fields, std::string text, std::string_view name) {
    if (text.size() > limits::sandbox_text_bytes_max) {
        fields.refuse("'" + std::string(name) + "' is longer than " +
                      std::to_string(limits::sandbox_text_bytes_max) + " bytes");
    }
    if (text.find('\0') != std::string::npos) {
        fields.refuse("'" + std::string(name) + "' has a zero byte in it");
    }
    return text;
}

std::string absolute_path(Fields& fields, std::string_view name) {
    std::string path = plain_text(fields, fields.required(fields.text(name), name), name);
    if (!path.starts_with('/')) {
        fields.refuse("'" + std::string(name) + "' must be an absolute path, not '" + path + "'");
    }
    return path;
}

Result<Grant> read_grant(const Json& entry) {
    Fields fields(entry, "a preopen");
    Grant grant{.host = absolute_path(fields, "host"), .guest = absolute_path(fields, "guest")};
    const std::string mode = fields.required(fields.text("mode"), "mode");
    if (mode != "ro" && mode != "rw") {
        fields.refuse("'mode' of a preopen must be ro or rw, not '" + mode + "'");
    }
    grant.writable = mode == "rw";
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    return grant;
}

void read_grants(Fields& fields, LoadOrder& order) {
    for (const Json& entry : fields.array("preopens")) {
        auto grant = read_grant(entry);
        if (!grant) {
            fields.refuse(grant.error().message);
            return;
        }
        if (std::ranges::find(order.grants, grant->guest, &Grant::guest) != order.grants.end()) {
            fields.refuse("two preopens are called '" + grant->guest + "'");
        }
        order.grants.push_back(*std::move(grant));
    }
}

void read_variables(Fields& fields, LoadOrder& order) {
    const Json variables = fields.value("env");
    if (variables.is_null()) {
        return;
    }
    if (!variables.is_object()) {
        fields.refuse("'env' must be an object of texts");
        return;
    }
    for (const auto& [name, value] : variables.items()) {
        if (!value.is_string() || name.empty() || name.find('=') != std::string::npos) {
            fields.refuse("'env' must be an object of texts, with names that have no '='");
            return;
        }
        order.variables.emplace_back(plain_text(fields, name, "env"),
                                     plain_text(fields, value.get<std::string>(), "env"));
    }
}

void check_count(Fields& fields, std::size_t count, std::string_view name) {
    if (count > limits::sandbox_list_entries_max) {
        fields.refuse("'" + std::string(name) + "' has more than " +
                      std::to_string(limits::sandbox_list_entries_max) + " entries");
    }
}

}  // namespace

Result<LoadOrder> read_load_order(const Json& frame) {
    Fields fields(frame, "the load");
    LoadOrder order{.module = absolute_path(fields, "module")};
    order.memory_mib = fields.integer("memory_mib", 1, limits::sandbox_memory_mib_max)
                           .value_or(limits::sandbox_memory_mib_default);
    read_grants(fields, order);
    read_variables(fields, order);
    for (std::string& argument : fields.texts("args")) {
        order.arguments.push_back(plain_text(fields, std::move(argument), "args"));
    }
    if (fields.has("cache")) {
        order.cache = absolute_path(fields, "cache");
    }
    check_count(fields, order.grants.size(), "preopens");
    check_count(fields, order.variables.size(), "env");
    check_count(fields, order.arguments.size(), "args");
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    return order;
}

}  // namespace threadrunner::sandbox
