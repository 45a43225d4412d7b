#include "base/error.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <set>

namespace threadrunner {
namespace {

using enum ErrorCode;

// The published contract: clients match on these names and numbers.
constexpr std::array published = {
    ErrorTraits{invalid_request, "invalid_request", "Protocol", 400, ExitCode{1}, false},
    ErrorTraits{unauthorized, "unauthorized", "Protocol", 401, ExitCode{1}, false},
    ErrorTraits{forbidden, "forbidden", "Protocol", 403, ExitCode{1}, false},
    ErrorTraits{unknown_model, "unknown_model", "ModelLoad", 404, ExitCode{3}, false},
    ErrorTraits{not_found, "not_found", "Protocol", 404, ExitCode{1}, false},
    ErrorTraits{conflict, "conflict", "Protocol", 409, ExitCode{1}, false},
    ErrorTraits{gone, "gone", "Protocol", 410, ExitCode{1}, false},
    ErrorTraits{too_large, "too_large", "Protocol", 413, ExitCode{1}, false},
    ErrorTraits{context_exceeded, "context_exceeded", "Protocol", 400, ExitCode{3}, false},
    ErrorTraits{overloaded, "overloaded", "Io", 429, ExitCode{1}, true},
    ErrorTraits{cancelled, "cancelled", "Unknown", 499, ExitCode{130}, false},
    ErrorTraits{inference_failed, "inference_failed", "Unknown", 500, ExitCode{3}, false},
    ErrorTraits{internal, "internal", "Unknown", 500, ExitCode{1}, false},
    ErrorTraits{not_supported, "not_supported", "Protocol", 501, ExitCode{1}, false},
    ErrorTraits{worker_crashed, "worker_crashed", "Io", 502, ExitCode{3}, true},
    ErrorTraits{unreachable, "unreachable", "Io", 503, ExitCode{2}, true},
    ErrorTraits{model_load_failed, "model_load_failed", "ModelLoad", 503, ExitCode{3}, true},
    ErrorTraits{timeout, "timeout", "Timeout", 504, ExitCode{4}, true},
    ErrorTraits{out_of_memory, "out_of_memory", "ModelLoad", 507, ExitCode{3}, true},
    ErrorTraits{disk_full, "disk_full", "Io", 507, ExitCode{1}, true},
};

TEST(ErrorTable, RendersEveryCodeAsPublished) {
    for (const ErrorTraits& row : published) {
        const ErrorTraits& actual = traits(row.code);
        EXPECT_EQ(actual.name, row.name);
        EXPECT_EQ(actual.v1_type, row.v1_type) << row.name;
        EXPECT_EQ(actual.http_status, row.http_status) << row.name;
        EXPECT_EQ(actual.exit_code, row.exit_code) << row.name;
        EXPECT_EQ(actual.retryable, row.retryable) << row.name;
    }
    EXPECT_EQ(published.size(), static_cast<std::size_t>(disk_full) + 1);
}

TEST(ErrorTable, ACodeSurvivesTheWire) {
    std::set<std::string_view> names;
    for (const ErrorTraits& row : published) {
        EXPECT_EQ(error_code_from(traits(row.code).name), row.code);
        EXPECT_TRUE(names.insert(traits(row.code).name).second) << row.name << " twice";
    }
}

TEST(ErrorTable, ANewerWorkersCodeIsInternalNotLost) {
    EXPECT_EQ(error_code_from("moon_phase_wrong"), internal);
    EXPECT_EQ(error_code_from(""), internal);
}

TEST(SystemErrors, AFullDiskIsNeverTakenForAnotherFault) {
    for (const int number : {ENOSPC, EDQUOT}) {
        EXPECT_EQ(fail_system(internal, "cannot write /x", number).error().code, disk_full);
    }
    EXPECT_EQ(fail_system(forbidden, "cannot open /x", EACCES).error().code, forbidden);
}

TEST(SystemErrors, SayWhatWasTriedAndWhatTheSystemSaid) {
    EXPECT_EQ(system_message("cannot open /x", EACCES), "cannot open /x: Permission denied");
    EXPECT_EQ(fail_system(internal, "cannot open /x", ENOENT).error().message,
              "cannot open /x: No such file or directory");
}

}  // namespace
}  // namespace threadrunner
