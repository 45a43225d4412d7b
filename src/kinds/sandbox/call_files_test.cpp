#include "kinds/sandbox/call_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/base64.h"
#include "base/scratch_directory.h"

namespace threadrunner {
namespace {

using testing::HasSubstr;
using wire::Json;

namespace fs = std::filesystem;

class CallFilesTest : public testing::Test {
protected:
    CallFilesTest() {
        for (const char* folder : {"ro", "calls"}) {
            fs::create_directories(scratch_ / folder);
        }
        room_ = {.tool = "taglib",
                 .grants = *tool::Grants::open({{.host = scratch_ / "ro", .guest = "/ro"},
                                                {.host = scratch_ / "calls",
                                                 .guest = std::string(CallFiles::folder_guest),
                                                 .writable = true}}),
                 .folder = scratch_ / "calls"};
    }

    void prepare(Json args) {
        args_ = std::move(args);
        const auto prepared = files_.prepare(room_, args_);
        ASSERT_TRUE(prepared) << prepared.error().message;
    }

    static std::string content_of(const fs::path& file) {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }

    ScratchDirectory scratch_;
    CallFiles::Room room_;
    CallFiles files_;
    Json args_;
};

TEST_F(CallFilesTest, PathsAreSaidInTheToolsWords) {
    const std::string file = scratch_.write("ro/a.mp3", "a");
    prepare({{"path", file}, {"requests", {{{"path", file}}, {{"x", 1}}, 5}}});
    EXPECT_EQ(args_, (Json{{"path", "/ro/a.mp3"},
                           {"requests", {{{"path", "/ro/a.mp3"}}, {{"x", 1}}, 5}}}));
    EXPECT_FALSE(files_.has_data());
    Json args = {{"requests", {{{"path", "/etc/passwd"}}}}};
    EXPECT_EQ(files_.prepare(room_, args).error().code, ErrorCode::forbidden);
}

TEST_F(CallFilesTest, BytesBecomeAFileAndComeBackWhenTheyChanged) {
    prepare({{"data", to_base64("old")}, {"name", "../x/song.mp3"}, {"tags", Json::object()}});
    EXPECT_EQ(args_, (Json{{"path", "/call/song.mp3"}, {"tags", Json::object()}}));
    EXPECT_EQ(content_of(scratch_ / "calls/song.mp3"), "old");
    Json same = {{"ok", true}};
    ASSERT_TRUE(files_.add_data(same));
    EXPECT_EQ(same, (Json{{"ok", true}}));
    std::ofstream(scratch_ / "calls/song.mp3") << "new";
    Json changed = {{"ok", true}};
    ASSERT_TRUE(files_.add_data(changed));
    EXPECT_EQ(changed.at("data"), to_base64("new"));
}

TEST_F(CallFilesTest, BytesThatAreNoneAreRefused) {
    for (const Json& data : {Json("***"), Json(5), Json(nullptr)}) {
        Json args = {{"data", data}};
        const auto prepared = CallFiles().prepare(room_, args);
        ASSERT_FALSE(prepared) << data;
        EXPECT_THAT(prepared.error().message, HasSubstr("as base64"));
    }
}

TEST_F(CallFilesTest, BesideAPathDataIsTheToolsOwnArgument) {
    EXPECT_FALSE(brings_data({{"data", "x"}, {"path", "/ro/a"}}));
    EXPECT_TRUE(brings_data({{"data", "x"}}));
    EXPECT_FALSE(brings_data(Json::array()));
}

}  // namespace
}  // namespace threadrunner
