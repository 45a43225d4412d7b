#include "taglib/pictures.h"

#include <mp4file.h>
#include <mp4tag.h>
#include <tpicturetype.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "taglib/fields.h"

namespace threadrunner::taglib {
namespace {

using TagLib::ByteVector;
using TagLib::VariantMap;
using tools::Json;
using Problem = std::unexpected<std::string>;

constexpr const char* picture_property = "PICTURE";
constexpr int picture_types_count = 21;  // ID3v2.4, 4.14

/// What a picture's first bytes say that it is.
struct Signature {
    std::string_view bytes;
    std::size_t at;
    std::string_view mime_type;
};
constexpr std::array signatures = {
    Signature{"\xFF\xD8\xFF", 0, "image/jpeg"}, Signature{"\x89PNG\r\n\x1A\n", 0, "image/png"},
    Signature{"GIF8", 0, "image/gif"},          Signature{"BM", 0, "image/bmp"},
    Signature{"WEBP", 8, "image/webp"},
};

std::string mime_type_of(const ByteVector& data) {
    const std::string_view bytes(data.data(), data.size());
    for (const Signature& each : signatures) {
        if (bytes.size() > each.at && bytes.substr(each.at).starts_with(each.bytes)) {
            return std::string(each.mime_type);
        }
    }
    return {};
}

std::string only_letters(std::string_view text) {
    std::string letters;
    for (const char letter : small_letters(text)) {
        if (letter >= 'a' && letter <= 'z') {
            letters += letter;
        }
    }
    return letters;
}

/// TagLib's name of a type given as number, as "Front Cover" or as "frontCover".
std::expected<TagLib::String, std::string> picture_type(const Json& picture) {
    const auto given = picture.find("type");
    if (given == picture.end() || given->is_null()) {
        return TagLib::String("Front Cover");
    }
    for (int type = 0; type < picture_types_count; ++type) {
        TagLib::String name = TagLib::Utils::pictureTypeToString(type);
        if ((given->is_number_integer() && *given == type) ||
            (given->is_string() &&
             only_letters(given->get_ref<const std::string&>()) == only_letters(text_of(name)))) {
            return name;
        }
    }
    return Problem("Unknown picture type: " + wire::encode_json(*given));
}

std::expected<ByteVector, std::string> picture_data(const Json& picture) {
    ByteVector data;
    if (const auto given = picture.find("data"); given != picture.end()) {
        if (given->is_binary()) {
            const auto& bytes = given->get_binary();
            data = ByteVector(reinterpret_cast<const char*>(bytes.data()),
                              static_cast<unsigned>(bytes.size()));
        } else if (given->is_string()) {
            const auto& text = given->get_ref<const std::string&>();
            const auto bytes = from_base64(text).value_or(std::string());
            data = ByteVector(bytes.data(), static_cast<unsigned>(bytes.size()));
        }
    }
    if (data.isEmpty()) {
        return Problem("A picture needs `data`: binary, or base64");
    }
    return data;
}

/// A member that is a text, or nothing.
std::string text_member(const Json& object, const char* name) {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>()
                                                         : std::string();
}

std::expected<VariantMap, std::string> decode_picture(const Json& picture) {
    if (!picture.is_object()) {
        return Problem("A picture is a map");
    }
    auto type = picture_type(picture);
    auto data = picture_data(picture);
    if (!type || !data) {
        return Problem(!type ? type.error() : data.error());
    }
    std::string mime_type = text_member(picture, "mimeType");
    if (mime_type.empty()) {
        mime_type = mime_type_of(*data);
    }
    const std::string description = text_member(picture, "description");
    if (mime_type.empty() || mime_type.contains('\0') || description.contains('\0')) {
        return Problem(mime_type.empty() ? "A picture of an unknown kind needs `mimeType`"
                                         : "Invalid picture: a text with NUL");
    }
    VariantMap decoded;
    decoded.insert("data", *std::move(data));
    decoded.insert("mimeType", tag_text(mime_type));
    decoded.insert("description", tag_text(description));
    decoded.insert("pictureType", *std::move(type));
    return decoded;
}

}  // namespace

Json pictures_of(const TagLib::File& file, bool with_data) {
    Json pictures = Json::array();
    for (const VariantMap& each : file.complexProperties(picture_property)) {
        const auto type = each.value("pictureType").value<TagLib::String>();
        const auto data = each.value("data").value<ByteVector>();
        std::string mime_type = text_of(each.value("mimeType").value<TagLib::String>());
        if (mime_type.empty() || mime_type == "image/") {
            mime_type = mime_type_of(data);
        }
        // MP4 knows no types: what is there is the cover
        Json picture = {{"type", type.isEmpty() ? "Front Cover" : text_of(type)},
                        {"mimeType", mime_type},
                        {"description", text_of(each.value("description").value<TagLib::String>())},
                        {"bytes", data.size()}};
        if (with_data) {
            picture["data"] = Json::binary(std::vector<std::uint8_t>(data.begin(), data.end()));
        }
        pictures.push_back(std::move(picture));
    }
    return pictures;
}

std::expected<void, std::string> change_pictures(TagLib::File& file, const Json& pictures) {
    if (!pictures.is_array() && !pictures.is_null()) {
        return Problem("Invalid pictures: an array, or null");
    }
    TagLib::List<VariantMap> decoded;
    for (const Json& each : pictures) {
        auto picture = decode_picture(each);
        if (!picture) {
            return Problem(std::move(picture).error());
        }
        decoded.append(*std::move(picture));
    }
    if (auto* mp4 = dynamic_cast<TagLib::MP4::File*>(&file); mp4 != nullptr && decoded.isEmpty()) {
        mp4->tag()->removeItem("covr");  // else an empty one would be written
    } else if (!file.setComplexProperties(picture_property, decoded) && !decoded.isEmpty()) {
        return Problem("This format holds no pictures");
    }
    return {};
}

Json picture_types() {
    Json names = Json::array();
    for (int type = 0; type < picture_types_count; ++type) {
        names.push_back(text_of(TagLib::Utils::pictureTypeToString(type)));
    }
    return names;
}

}  // namespace threadrunner::taglib
