#include "base/error.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

namespace threadrunner {
namespace {

using enum ErrorCode;

constexpr std::array error_table = {
    ErrorTraits{invalid_request, "invalid_request", "Protocol", 400, ExitCode::unknown, false},
    ErrorTraits{unauthorized, "unauthorized", "Protocol", 401, ExitCode::unknown, false},
    ErrorTraits{forbidden, "forbidden", "Protocol", 403, ExitCode::unknown, false},
    ErrorTraits{unknown_model, "unknown_model", "ModelLoad", 404, ExitCode::model, false},
    ErrorTraits{not_found, "not_found", "Protocol", 404, ExitCode::unknown, false},
    ErrorTraits{conflict, "conflict", "Protocol", 409, ExitCode::unknown, false},
    ErrorTraits{gone, "gone", "Protocol", 410, ExitCode::unknown, false},
    ErrorTraits{too_large, "too_large", "Protocol", 413, ExitCode::unknown, false},
    ErrorTraits{context_exceeded, "context_exceeded", "Protocol", 400, ExitCode::model, false},
    ErrorTraits{overloaded, "overloaded", "Io", 429, ExitCode::unknown, true},
    ErrorTraits{cancelled, "cancelled", "Unknown", 499, ExitCode::interrupted, false},
    ErrorTraits{inference_failed, "inference_failed", "Unknown", 500, ExitCode::model, false},
    ErrorTraits{internal, "internal", "Unknown", 500, ExitCode::unknown, false},
    ErrorTraits{not_supported, "not_supported", "Protocol", 501, ExitCode::unknown, false},
    ErrorTraits{worker_crashed, "worker_crashed", "Io", 502, ExitCode::model, true},
    ErrorTraits{unreachable, "unreachable", "Io", 503, ExitCode::connection, true},
    ErrorTraits{model_load_failed, "model_load_failed", "ModelLoad", 503, ExitCode::model, true},
    ErrorTraits{timeout, "timeout", "Timeout", 504, ExitCode::timeout, true},
    ErrorTraits{out_of_memory, "out_of_memory", "ModelLoad", 507, ExitCode::model, true},
    ErrorTraits{disk_full, "disk_full", "Io", 507, ExitCode::unknown, true},
};

constexpr bool rows_follow_the_enum() {
    for (std::size_t i = 0; i < error_table.size(); ++i) {
        if (static_cast<std::size_t>(error_table[i].code) != i) {
            return false;
        }
    }
    return error_table.size() == static_cast<std::size_t>(disk_full) + 1;
}
static_assert(rows_follow_the_enum(), "traits() indexes the table by code");

}  // namespace

const ErrorTraits& traits(ErrorCode code) { return error_table[static_cast<std::size_t>(code)]; }

ErrorCode error_code_from(std::string_view name) {
    for (const ErrorTraits& row : error_table) {
        if (row.name == name) {
            return row.code;
        }
    }
    return internal;
}

std::unexpected<Error> fail(ErrorCode code, std::string message) {
    return std::unexpected(Error{.code = code, .message = std::move(message)});
}

std::string system_message(std::string_view action, int error_number) {
    return std::string(action) + ": " + std::generic_category().message(error_number);
}

std::unexpected<Error> fail_system(ErrorCode code, std::string_view action, int error_number) {
    const bool no_space = error_number == ENOSPC || error_number == EDQUOT;
    return fail(no_space ? disk_full : code, system_message(action, error_number));
}

}  // namespace threadrunner
