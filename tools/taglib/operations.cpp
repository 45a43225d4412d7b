#include "taglib/operations.h"

#include <string_view>

#include "taglib/pictures.h"
#include "taglib/read_tags.h"
#include "taglib/write_tags.h"

namespace threadrunner::taglib {
namespace {

using tools::Answer;
using tools::Json;

Json described(const char* type, std::string_view description) {
    return {{"type", type}, {"description", description}};
}

/// What a field takes: a value or several, null to delete.
Json text_field(std::string_view description) {
    return {{"type", {"string", "array", "null"}},
            {"items", {{"type", "string"}}},
            {"description", description}};
}

Json whole_number(std::string_view description) {
    return {{"type", {"integer", "null"}}, {"minimum", 0}, {"description", description}};
}

Json path_schema() { return described("string", "the audio file"); }

Json read_schema() {
    return {{"type", "object"},
            {"properties",
             {{"path", path_schema()},
              {"pictures", described("boolean", "also the bytes of the pictures")}}},
            {"required", Json::array({"path"})},
            {"additionalProperties", false}};
}

Json tags_schema() {
    return {
        {"type", "object"},
        {"description",
         "the fields to change; null or \"\" deletes one, an array holds several values. Any other "
         "field by its upper-case name, such as ISRC or LYRICS"},
        {"properties",
         {{"title", text_field("title of the track")},
          {"artist", text_field("who performs it")},
          {"album", text_field("title of the album")},
          {"albumArtist", text_field("artist of the whole album")},
          {"composer", text_field("who composed it")},
          {"comment", text_field("a remark")},
          {"genre", text_field("genre")},
          {"date", text_field("date of release: 2020, 2020-05 or 2020-05-31")},
          {"year", whole_number("year of release, in the place of a date")},
          {"track", whole_number("number on the disc")},
          {"totalTracks", whole_number("tracks on the disc")},
          {"disc", whole_number("number of the disc")},
          {"totalDiscs", whole_number("discs of the album")},
          {"bpm", whole_number("beats per minute")},
          {"rating",
           {{"type", {"number", "null"}},
            {"minimum", 0},
            {"maximum", 1},
            {"description", "how much it is liked"}}}}}};
}

Json pictures_schema() {
    const Json picture = {{"type", "object"},
                          {"properties",
                           {{"type", {{"type", "string"}, {"enum", picture_types()}}},
                            {"mimeType", described("string", "seen in the data unless given")},
                            {"description", described("string", "a caption")},
                            {"data", described("string", "the picture, in base64")}}},
                          {"required", Json::array({"data"})}};
    return {{"type", {"array", "null"}},
            {"items", picture},
            {"description", "in the place of all pictures that the file has"}};
}

Json write_schema() {
    return {{"type", "object"},
            {"properties",
             {{"path", path_schema()}, {"tags", tags_schema()}, {"pictures", pictures_schema()}}},
            {"required", Json::array({"path"})},
            {"additionalProperties", false}};
}

/// An operation on a file: before it, what killed writes left in its directory goes.
auto tidied(Leftovers& leftovers, Answer (*run)(const Json&)) {
    return [&leftovers, run](const Json& request) {
        if (const auto path = path_in(request)) {
            leftovers.remove_from(directory_of(*path));
        }
        return run(request);
    };
}

}  // namespace

std::vector<tools::Operation> operations(Leftovers& leftovers) {
    std::vector<tools::Operation> all;
    all.push_back({"read_tags", "Reads the tags, pictures and audio properties of an audio file.",
                   read_schema(), false, tidied(leftovers, read_tags)});
    all.push_back({"write_tags",
                   "Changes tags of an audio file; fields not named stay as they are.",
                   write_schema(), true, tidied(leftovers, write_tags)});
    return all;
}

}  // namespace threadrunner::taglib
