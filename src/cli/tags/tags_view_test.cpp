#include "cli/tags/tags_view.h"

#include <gtest/gtest.h>

namespace threadrunner::cli {
namespace {

using wire::Json;

TEST(TagsTable, OfOneFileHasAFieldALine) {
    const Json tags = {{"title", "Blue"}, {"artist", {"A", "B"}}, {"track", 7}};
    const Json pictures = Json::array({{{"mimeType", "image/png"}}});
    const Json answer = {
        {"ok", true}, {"tags", tags}, {"audio", {{"channels", 2}}}, {"pictures", pictures}};
    EXPECT_EQ(tags_table({{"a.mp3", answer}}),
              "file            a.mp3\n"
              "artist          A; B\n"
              "title           Blue\n"
              "track           7\n"
              "audio.channels  2\n"
              "pictures        1 of them\n");
}

TEST(TagsTable, OfSeveralFilesHasALineEach) {
    const Json first = {{"tags", {{"title", "Blue"}, {"year", 1971}}}};
    const Json second = {{"tags", {{"title", "Red\nand green"}}}};
    EXPECT_EQ(tags_table({{"a.mp3", first}, {"b.ogg", second}}),
              "FILE   TITLE          ARTIST  ALBUM  TRACK  YEAR  GENRE\n"
              "a.mp3  Blue                                 1971\n"
              "b.ogg  Red and green\n");
}

TEST(TagChanges, AreTextsNumbersListsAndDeletions) {
    EXPECT_EQ(tag_changes({"title=1984", "year=1984", "rating=0.5", "artist=A", "artist=B",
                           "comment=", "track=A7", "album=a=b"}),
              (Json{{"title", "1984"},
                    {"year", 1984},
                    {"rating", 0.5},
                    {"artist", {"A", "B"}},
                    {"comment", nullptr},
                    {"track", "A7"},
                    {"album", "a=b"}}));
    EXPECT_EQ(tag_changes({"artist=", "artist=A"}), (Json{{"artist", {"A"}}}));
}

}  // namespace
}  // namespace threadrunner::cli
