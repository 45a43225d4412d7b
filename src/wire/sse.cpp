#include "wire/sse.h"

#include <utility>

namespace threadrunner::wire {

void SseReader::push(std::string_view bytes, const std::function<void(std::string_view)>& on_data) {
    std::string joined;
    if (!rest_.empty()) {
        joined = std::exchange(rest_, {});
        joined += bytes;
        bytes = joined;
    }
    for (;;) {
        const std::size_t end = bytes.find('\n');
        if (end == std::string_view::npos) {
            break;
        }
        take_line(bytes.substr(0, end), on_data);
        bytes.remove_prefix(end + 1);
    }
    rest_ = bytes;
}

void SseReader::take_line(std::string_view line,
                          const std::function<void(std::string_view)>& on_data) {
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    if (line.empty()) {
        if (!data_.empty()) {
            on_data(data_);
            data_.clear();
        }
        return;
    }
    constexpr std::string_view field = "data:";
    if (!line.starts_with(field)) {
        return;
    }
    line.remove_prefix(field.size());
    if (line.starts_with(' ')) {
        line.remove_prefix(1);
    }
    if (!data_.empty()) {
        data_ += '\n';
    }
    data_ += line;
}

}  // namespace threadrunner::wire
