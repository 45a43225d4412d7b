#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gguf/reader.h"

namespace threadrunner::gguf {

/// An array of a header. Vocabularies are only counted; lists of at most limits::gguf_layers_max
/// integers or booleans (one number a layer) are kept.
struct Array {
    std::uint64_t count = 0;
    std::vector<std::uint64_t> integers;  ///< negative ones count as 0
};

/// Texts are cut after limits::gguf_text_kept_bytes_max (chat templates after
/// gguf_template_kept_bytes_max) and not checked for UTF-8.
using Value = std::variant<std::uint64_t, std::int64_t, double, bool, std::string, Array>;

/// The metadata of a header, by key. Every getter gives nothing for a value of another type; files
/// differ in which integer type they use, so any that fits is taken.
class Metadata {
public:
    /// Keeps a value; false when the key is there already.
    [[nodiscard]] bool insert(std::string key, Value value);

    [[nodiscard]] bool has(std::string_view key) const { return values_.contains(key); }
    /// Valid UTF-8.
    [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
    [[nodiscard]] std::optional<std::uint64_t> integer(std::string_view key) const;
    [[nodiscard]] std::optional<bool> flag(std::string_view key) const;
    [[nodiscard]] const Array* array(std::string_view key) const;

private:
    template <class T>
    [[nodiscard]] const T* find(std::string_view key) const;

    std::map<std::string, Value, std::less<>> values_;
};

/// Reads `count` entries. A fault stays in the reader and the result has no meaning.
[[nodiscard]] Metadata read_metadata(Reader& reader, std::uint64_t count);

}  // namespace threadrunner::gguf
