#include "cli/safe_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "base/text.h"
#include "wire/decode.h"

namespace threadrunner::cli {
namespace {

TEST(SafeText, LeavesOrdinaryTextAlone) {
    EXPECT_EQ(safe_text("Grüße, 世界 👋\n\tx"), "Grüße, 世界 👋\n\tx");
}

TEST(SafeText, NoEscapeSequenceReachesTheTerminal) {
    EXPECT_EQ(safe_text("\x1b]0;owned\x07"), "␛]0;owned␇");
    EXPECT_EQ(safe_text("\u009b31m"), "\uFFFD31m");
    EXPECT_EQ(safe_text("a\x7f\bb"), "a␡␈b");
}

TEST(SafeText, ACarriageReturnCannotOverwriteALine) {
    EXPECT_EQ(safe_text("harmless\rrm -rf\r\n"), "harmlessrm -rf\n");
}

RC_GTEST_PROP(SafeText, HoldsNoControlsAndIsStillUtf8, (const std::string& bytes)) {
    const std::string safe = safe_text(utf8_repair(bytes));
    RC_ASSERT(utf8_valid_prefix(safe) == safe.size());
    for (const char c : safe) {
        const auto byte = static_cast<unsigned char>(c);
        RC_ASSERT(c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7F));
    }
}

RC_GTEST_PROP(SafeJson, MeansTheSame, (const std::string& bytes)) {
    const std::string document = wire::encode_json(wire::Json(bytes + "\u0085\x7f"));
    const auto before = wire::decode_json(document);
    const auto after = wire::decode_json(safe_json(document));
    RC_ASSERT(before.has_value() && after.has_value());
    RC_ASSERT(*before == *after);
}

TEST(SafeJson, EscapesWhatATerminalWouldObey) {
    EXPECT_EQ(safe_json("\"\u009b31m\x7f\""), "\"\\u009b31m\\u007f\"");
}

}  // namespace
}  // namespace threadrunner::cli
