#include "base/secret_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/scratch_directory.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class SecretFile : public testing::Test {
protected:
    Result<std::string> read(std::string_view content, fs::perms mode = fs::perms::owner_read) {
        const fs::path file = folder_.write("secret", content);
        fs::permissions(file, mode);
        return read_secret_file(file.string(), "the.setting", 16);
    }

    ScratchDirectory folder_;
};

TEST_F(SecretFile, ItsTextComesWithoutTheLineEndsBehindIt) {
    EXPECT_EQ(read("one\ntwo\r\n\n"), "one\ntwo");
}

TEST_F(SecretFile, OneThatIsEmptyHoldsNothing) { EXPECT_EQ(read("\n"), ""); }

TEST_F(SecretFile, OneThatOthersMayReadIsRefusedWithTheRemedy) {
    const auto secret = read("known", fs::perms::owner_read | fs::perms::others_read);
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().code, ErrorCode::forbidden);
    EXPECT_THAT(secret.error().message, HasSubstr("chmod 600"));
    EXPECT_THAT(secret.error().message, testing::Not(HasSubstr("known\n")));
}

TEST_F(SecretFile, OneThatIsTooLongOrNotThereIsNamedWithItsSetting) {
    EXPECT_EQ(read(std::string(17, 'x')).error().code, ErrorCode::too_large);
    EXPECT_THAT(read_secret_file("/nowhere", "the.setting", 16).error().message,
                HasSubstr("the.setting /nowhere"));
}

}  // namespace
}  // namespace threadrunner
