#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace threadrunner {

/// Everything that can go wrong, as a user or a client may learn of it. A door renders a code in
/// its own format (socket v1 `error_type`, HTTP status, exit code) from the one table in error.cpp;
/// nothing is ever derived from the words of a message.
enum class ErrorCode : std::uint8_t {
    invalid_request,
    unauthorized,
    forbidden,
    unknown_model,
    not_found,
    conflict,
    gone,
    too_large,
    context_exceeded,
    overloaded,
    cancelled,
    inference_failed,
    internal,
    not_supported,
    worker_crashed,
    unreachable,
    model_load_failed,
    timeout,
    out_of_memory,
    disk_full,
};

/// Exit codes of the command. `usage` follows sysexits' EX_USAGE, `interrupted` the shells'
/// 128+SIGINT.
enum class ExitCode : std::uint8_t {
    success = 0,
    unknown = 1,
    connection = 2,
    model = 3,
    timeout = 4,
    usage = 64,
    interrupted = 130,
};

/// One row of the table: how each door renders a code.
struct ErrorTraits {
    ErrorCode code;
    std::string_view name;     ///< on the wire of socket v2 and of the workers
    std::string_view v1_type;  ///< `error_type` of socket v1
    std::uint16_t http_status;
    ExitCode exit_code;
    bool retryable;  ///< the same request may succeed later without a change
};

/// An error as a value. The message says what happened, to what, and what to do about it.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;
    std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};

template <class T>
using Result = std::expected<T, Error>;

/// The traits of a code; never fails.
[[nodiscard]] const ErrorTraits& traits(ErrorCode code);

/// The code with this wire name; unknown names (a newer worker's) are `internal`.
[[nodiscard]] ErrorCode error_code_from(std::string_view name);

/// Shorthand for the failing branch of a Result: `return fail(ErrorCode::not_found, "…")`.
[[nodiscard]] std::unexpected<Error> fail(ErrorCode code, std::string message);

/// The message for a failed system call: "cannot open /x: Permission denied". `error_number` is
/// errno.
[[nodiscard]] std::string system_message(std::string_view action, int error_number);

/// As fail(), from errno: no space left becomes `disk_full`, everything else `code`.
[[nodiscard]] std::unexpected<Error> fail_system(ErrorCode code, std::string_view action,
                                                 int error_number);

}  // namespace threadrunner
