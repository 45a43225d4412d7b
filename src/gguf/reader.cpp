#include "gguf/reader.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::gguf {
namespace {

constexpr std::size_t window_bytes = 128 * limits::kib;

}  // namespace

Reader::Reader(Source& source)
    : source_(source),
      end_(std::min<std::uint64_t>(source.size(), limits::gguf_header_bytes_max)),
      window_(static_cast<std::size_t>(std::min<std::uint64_t>(end_, window_bytes))) {}

std::string Reader::text(std::size_t kept_bytes_max) {
    const std::uint64_t length = text_length();
    std::uint64_t wanted = std::min<std::uint64_t>(length, kept_bytes_max);
    const std::uint64_t unwanted = length - wanted;
    std::string out;
    while (wanted > 0 && ok()) {
        const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, window_bytes));
        out += take(step);
        wanted -= step;
    }
    skip(unwanted);
    return out;
}

std::uint64_t Reader::text_length() {
    const auto length = number<std::uint64_t>();
    if (length > limits::gguf_string_bytes_max) {
        refuse_implausible("a text of " + std::to_string(length) + " bytes");
    } else if (length > left()) {
        refuse_end();
    }
    return ok() ? length : 0;
}

void Reader::skip(std::uint64_t bytes) {
    if (bytes > left()) {
        refuse_end();
    } else if (ok()) {
        position_ += bytes;
    }
}

void Reader::check_count(std::uint64_t count, std::uint64_t count_max, std::uint64_t bytes_each,
                         std::string_view what) {
    if (count > count_max) {
        refuse_implausible(std::to_string(count) + " " + std::string(what));
    } else if (count > left() / bytes_each) {
        refuse_end();
    }
}

void Reader::refuse(std::string message) {
    set_error({.code = ErrorCode::model_load_failed, .message = std::move(message)});
}

void Reader::set_error(Error error) {
    if (!error_) {
        error_ = std::move(error);
        window_end_ = 0;
    }
}

void Reader::refuse_implausible(std::string_view what) {
    refuse("is damaged: near byte " + std::to_string(position_) + " its header announces " +
           std::string(what) + "; download it again");
}

void Reader::refuse_end() {
    if (end_ < source_.size()) {
        refuse("has a header of more than " + format_bytes(end_) +
               ", which no model needs; it is "
               "damaged: download it again");
    } else {
        refuse("is cut off inside its header, after " + format_bytes(end_) + "; download it again");
    }
}

bool Reader::fill_window(std::size_t bytes_needed) {
    if (!ok()) {
        return false;
    }
    if (bytes_needed > left()) {
        refuse_end();
        return false;
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left(), window_.size()));
    auto filled = source_.read(position_, std::span(window_).first(wanted));
    if (!filled) {
        set_error(std::move(filled.error()));
        return false;
    }
    if (*filled < bytes_needed) {
        refuse("became shorter while it was read; wait until its download is complete");
        return false;
    }
    window_start_ = position_;
    window_end_ = position_ + *filled;
    return true;
}

}  // namespace threadrunner::gguf
