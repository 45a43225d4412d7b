#include "cli/tags/audio_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_directory.h"

namespace threadrunner::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

class AudioFilesTest : public testing::Test {
protected:
    AudioFilesTest() {
        fs::create_directories(scratch_ / "m/b");
        fs::create_directories(scratch_ / "other");
        for (const char* file : {"m/2.MP3", "m/1.flac", "m/notes.txt", "m/b/3.ogg", "other/x"}) {
            scratch_.write(file, "");
        }
    }

    [[nodiscard]] std::string word(const std::string& path) const { return scratch_ / path; }
    [[nodiscard]] fs::path real(const std::string& path) const {
        return fs::canonical(scratch_ / path);
    }
    [[nodiscard]] static std::vector<std::string> shown(const AudioFiles& found) {
        std::vector<std::string> out;
        for (const AudioFile& file : found.files) {
            out.push_back(file.shown);
        }
        return out;
    }

    ScratchDirectory scratch_;
};

TEST_F(AudioFilesTest, OfAFolderAreThoseBelowItInOrder) {
    const AudioFiles found = find_audio_files({word("m")});
    EXPECT_THAT(shown(found), ElementsAre(word("m/1.flac"), word("m/2.MP3"), word("m/b/3.ogg")));
    EXPECT_THAT(found.folders, ElementsAre(real("m")));
    EXPECT_THAT(found.faults, IsEmpty());
}

TEST_F(AudioFilesTest, AFileIsMeantWhateverItIsCalled) {
    const AudioFiles found = find_audio_files({word("other/x"), word("m/b/3.ogg"), word("m")});
    EXPECT_THAT(shown(found), ElementsAre(word("other/x"), word("m/b/3.ogg"), word("m/1.flac"),
                                          word("m/2.MP3"), word("m/b/3.ogg")));
    EXPECT_THAT(found.folders, ElementsAre(real("m"), real("other"))) << "none within another";
}

TEST_F(AudioFilesTest, AWordThatMeansNoFileIsAFaultAndTheOthersCount) {
    const AudioFiles found = find_audio_files({word("none.mp3"), word("m/b")});
    ASSERT_EQ(found.faults.size(), 1U);
    EXPECT_EQ(found.faults[0].first, word("none.mp3"));
    EXPECT_THAT(found.faults[0].second, HasSubstr("No such file"));
    EXPECT_EQ(found.files.size(), 1U);
}

TEST_F(AudioFilesTest, ALinkStandsForItsFile) {
    fs::create_symlink(real("other/x"), scratch_ / "m/link.mp3");
    const AudioFiles found = find_audio_files({word("m/link.mp3")});
    ASSERT_EQ(found.files.size(), 1U);
    EXPECT_EQ(found.files[0].path, real("other/x"));
    EXPECT_THAT(found.folders, ElementsAre(real("other")));
}

TEST(FolderGrants, GiveEachFolderAName) {
    EXPECT_EQ(*folder_grants({"/a", "/b"}, true),
              (wire::Json{{{"host", "/a"}, {"mode", "rw"}}, {{"host", "/b"}, {"mode", "rw"}}}));
    EXPECT_EQ(folder_grants({"/a"}, false)->at(0).at("mode"), "ro");
    const auto many = folder_grants(std::vector<fs::path>(1000, "/a"), false);
    ASSERT_FALSE(many);
    EXPECT_THAT(many.error().message, HasSubstr("name a folder that holds them"));
}

}  // namespace
}  // namespace threadrunner::cli
