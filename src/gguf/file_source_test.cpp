#include "gguf/file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/scratch_directory.h"

namespace threadrunner::gguf {
namespace {

using testing::HasSubstr;

Error fault_of(const std::filesystem::path& path) {
    const auto source = FileSource::open(path);
    return source ? Error{.message = "no fault"} : source.error();
}

TEST(FileSource, ReadsAnyStretchOfAFile) {
    const ScratchDirectory directory;
    const auto source = FileSource::open(directory.write("file", "0123456789"));
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ((*source)->size(), 10U);
    std::array<char, 4> out{};
    EXPECT_EQ((*source)->read(3, out), 4U);
    EXPECT_EQ(std::string(out.data(), out.size()), "3456");
    EXPECT_EQ((*source)->read(8, out), 2U);
    EXPECT_EQ((*source)->read(100, out), 0U);
}

TEST(FileSource, AMissingFileIsAnUnknownModel) {
    const ScratchDirectory directory;
    const Error error = fault_of(directory / "none.gguf");
    EXPECT_EQ(error.code, ErrorCode::unknown_model);
    EXPECT_THAT(error.message, HasSubstr("there is no model file"));
    EXPECT_EQ(fault_of(directory.write("file", "") / "in-a-file").code, ErrorCode::unknown_model);
}

TEST(FileSource, ADirectoryAsksForTheFileInIt) {
    const ScratchDirectory directory;
    const Error error = fault_of(directory / "");
    EXPECT_EQ(error.code, ErrorCode::unknown_model);
    EXPECT_THAT(error.message, HasSubstr("is a directory; name the .gguf file in it"));
}

TEST(FileSource, APipeOrSocketOrDeviceIsRefusedWithoutWaiting) {
    const ScratchDirectory directory;
    const auto fifo = directory / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_THAT(fault_of(fifo).message, HasSubstr("is a pipe"));

    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string socket = (directory / "socket").string();
    socket.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_THAT(fault_of(socket).message, HasSubstr("is a socket"));

    EXPECT_THAT(fault_of("/dev/zero").message, HasSubstr("is a device"));
    EXPECT_EQ(fault_of("/dev/zero").code, ErrorCode::model_load_failed);
}

/// Root may read everything, so root looks with another user's eyes.
class WithoutRights {
public:
    WithoutRights() { dropped_ = ::geteuid() == 0 && ::seteuid(nobody) == 0; }
    WithoutRights(const WithoutRights&) = delete;
    WithoutRights& operator=(const WithoutRights&) = delete;
    ~WithoutRights() {
        if (dropped_) {
            EXPECT_EQ(::seteuid(0), 0);
        }
    }

private:
    static constexpr uid_t nobody = 65534;
    bool dropped_ = false;
};

TEST(FileSource, AFileOfAnotherUserIsForbiddenNotMissing) {
    const ScratchDirectory directory;
    const auto path = directory.write("secret.gguf", "GGUF");
    ASSERT_EQ(::chmod(path.c_str(), 0), 0);
    const WithoutRights without_rights;
    EXPECT_EQ(fault_of(path).code, ErrorCode::model_load_failed);
    EXPECT_THAT(fault_of(path).message, HasSubstr("no permission to read"));
}

}  // namespace
}  // namespace threadrunner::gguf
