#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gguf/source.h"

namespace threadrunner::gguf {

/// Walks forward through a header, a window at a time: a vocabulary is hundreds of thousands of
/// little texts, and a system call each would take a second. The first fault is remembered and
/// every later read gives zeros, so a parser reads on and asks ok() where it loops or acts on a
/// value.
class Reader {
public:
    /// `source` must outlive the reader.
    explicit Reader(Source& source);

    /// A little-endian integer.
    template <std::integral T>
    [[nodiscard]] T number() {
        const std::string_view bytes = take(sizeof(T));
        if (bytes.empty()) {
            return 0;
        }
        std::uint64_t bits = 0;
        for (std::size_t i = sizeof(T); i-- > 0;) {
            bits = bits << 8 | static_cast<unsigned char>(bytes[i]);
        }
        return static_cast<T>(bits);
    }

    /// A text as it is in the file, cut after `kept_bytes_max` bytes.
    [[nodiscard]] std::string text(std::size_t kept_bytes_max);
    void skip_text() { skip(text_length()); }
    void skip(std::uint64_t bytes);

    /// Refuses `count` things of at least `bytes_each` (not 0) that cannot be in what is left of
    /// the file. `what` names them in the plural. To be called before any loop or allocation of a
    /// count.
    void check_count(std::uint64_t count, std::uint64_t count_max, std::uint64_t bytes_each,
                     std::string_view what);

    /// Remembers a fault (model_load_failed), unless there is one already.
    void refuse(std::string message);
    /// The same for an announcement that nothing sound would make: `what` continues "announces ".
    void refuse_implausible(std::string_view what);

    [[nodiscard]] bool ok() const { return !error_; }
    /// Only after a fault.
    [[nodiscard]] const Error& error() const { return *error_; }
    [[nodiscard]] std::uint64_t position() const { return position_; }

private:
    [[nodiscard]] std::uint64_t left() const { return end_ - position_; }
    [[nodiscard]] std::uint64_t text_length();
    /// The next bytes, at most a window's; none after a fault.
    [[nodiscard]] std::string_view take(std::size_t bytes) {
        if (position_ + bytes > window_end_ && !fill_window(bytes)) {
            return {};
        }
        const auto at = static_cast<std::size_t>(position_ - window_start_);
        position_ += bytes;
        return {window_.data() + at, bytes};
    }
    [[nodiscard]] bool fill_window(std::size_t bytes_needed);
    void refuse_end();
    void set_error(Error error);

    Source& source_;
    std::uint64_t end_;  ///< of what may be read: the source's end or the limit
    std::uint64_t position_ = 0;
    std::vector<char> window_;
    std::uint64_t window_start_ = 0;
    std::uint64_t window_end_ = 0;  ///< 0 after a fault, so that nothing more is taken
    std::optional<Error> error_;
};

}  // namespace threadrunner::gguf
