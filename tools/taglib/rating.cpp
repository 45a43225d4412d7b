#include "taglib/rating.h"

#include <asffile.h>
#include <asftag.h>
#include <popularimeterframe.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "taglib/fields.h"
#include "taglib/id3v2_tag_of.h"

namespace threadrunner::taglib {
namespace {

using TagLib::PropertyMap;
using tools::Json;

constexpr const char* rating_property = "RATING";
constexpr const char* popularity_frame = "POPM";
constexpr const char* wma_attribute = "WM/SharedUserRating";
constexpr double popularity_max = 255;
constexpr double wma_max = 99;
constexpr double percent = 100;
constexpr double stars = 5;

/// A number as other programs wrote it. clang 19's from_chars() knows no fractions; a module has no
/// locale that would mislead strtod().
std::optional<double> number_of(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const bool whole = !text.empty() && end == text.c_str() + text.size();
    return whole && value >= 0 && value <= percent ? std::optional(value) : std::nullopt;
}

std::optional<double> from_property(const PropertyMap& properties) {
    const TagLib::StringList& values = properties.value(rating_property);
    const std::string text = values.isEmpty() ? std::string() : text_of(values.front());
    const auto value = number_of(text);
    if (!value) {
        return std::nullopt;
    }
    if (text.contains('.') && *value <= 1) {
        return value;
    }
    return *value <= stars ? *value / stars : *value / percent;
}

std::string property_text(double rating) {
    // what would be read as stars is written as a fraction
    const double hundredths = std::round(rating * percent);
    if (rating > 0 && hundredths <= stars) {
        return Json(std::round(rating * percent * percent) / (percent * percent)).dump();
    }
    return std::to_string(static_cast<int>(hundredths));
}

TagLib::ID3v2::PopularimeterFrame* popularity_of(TagLib::ID3v2::Tag& tag) {
    const auto& frames = tag.frameList(popularity_frame);
    return frames.isEmpty() ? nullptr
                            : dynamic_cast<TagLib::ID3v2::PopularimeterFrame*>(frames.front());
}

void change_popularity(TagLib::ID3v2::Tag& tag, std::optional<double> rating) {
    auto* frame = popularity_of(tag);
    if (!rating) {
        tag.removeFrames(popularity_frame);
        return;
    }
    if (frame == nullptr) {
        frame = new TagLib::ID3v2::PopularimeterFrame;  // the tag owns it
        tag.addFrame(frame);
    }
    frame->setRating(static_cast<int>(std::round(*rating * popularity_max)));
}

}  // namespace

std::optional<double> rating_of(TagLib::File& file, const PropertyMap& properties) {
    if (auto* id3v2 = id3v2_tag_of(file)) {
        if (const auto* frame = popularity_of(*id3v2)) {
            return frame->rating() / popularity_max;
        }
    }
    if (const auto* wma = dynamic_cast<TagLib::ASF::File*>(&file)) {
        const auto& values = wma->tag()->attribute(wma_attribute);
        if (values.isEmpty()) {
            return std::nullopt;
        }
        const auto& value = values.front();
        const double raw = value.type() == TagLib::ASF::Attribute::UnicodeType
                               ? value.toString().toInt()
                               : value.toUInt();
        return std::min(raw / wma_max, 1.0);
    }
    return from_property(properties);
}

std::expected<void, std::string> change_rating(TagLib::File& file, PropertyMap& properties,
                                               const Json& value) {
    std::optional<double> rating;
    if (value.is_number()) {
        rating = value.get<double>();
    }
    const bool deletes = value.is_null() || (value.is_string() && value.get<std::string>().empty());
    if (!deletes && !(rating && *rating >= 0 && *rating <= 1)) {
        return std::unexpected(
            "Invalid value of \"rating\": it takes a number from 0 to 1, or null");
    }
    if (auto* id3v2 = id3v2_tag_of(file)) {
        change_popularity(*id3v2, rating);
        properties.erase(rating_property);
    } else if (const auto* wma = dynamic_cast<TagLib::ASF::File*>(&file)) {
        wma->tag()->removeItem(wma_attribute);
        if (rating) {
            const auto raw = static_cast<unsigned>(std::round(*rating * wma_max));
            wma->tag()->setAttribute(wma_attribute, TagLib::ASF::Attribute(raw));
        }
    } else {
        properties.erase(rating_property);
        if (rating) {
            properties.replace(rating_property,
                               TagLib::StringList(tag_text(property_text(*rating))));
        }
    }
    return {};
}

}  // namespace threadrunner::taglib
