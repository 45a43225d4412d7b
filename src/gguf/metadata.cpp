#include "gguf/metadata.h"

#include <bit>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::gguf {
namespace {

/// enum gguf_type of gguf.h.
enum class ValueType : std::uint32_t {
    uint8,
    int8,
    uint16,
    int16,
    uint32,
    int32,
    float32,
    boolean,
    text,
    array,
    uint64,
    int64,
    float64,
};

// Key's length, one byte of key, type, one byte of value: no entry takes less.
constexpr std::uint64_t entry_bytes_min = 8 + 1 + 4 + 1;

/// Bytes of a value in an array; of a text, those of its length. 0 for what no array can hold.
std::uint64_t bytes_min(ValueType type) {
    switch (type) {
        using enum ValueType;
        case uint8:
        case int8:
        case boolean:
            return 1;
        case uint16:
        case int16:
            return 2;
        case uint32:
        case int32:
        case float32:
            return 4;
        case uint64:
        case int64:
        case float64:
        case text:
            return 8;
        case array:
            break;
    }
    return 0;
}

Value from_signed(std::int64_t value) {
    return value < 0 ? Value(value) : Value(static_cast<std::uint64_t>(value));
}

Value read_scalar(Reader& reader, ValueType type,
                  std::size_t text_bytes_max = limits::gguf_text_kept_bytes_max) {
    switch (type) {
        using enum ValueType;
        case uint8:
            return std::uint64_t{reader.number<std::uint8_t>()};
        case int8:
            return from_signed(reader.number<std::int8_t>());
        case uint16:
            return std::uint64_t{reader.number<std::uint16_t>()};
        case int16:
            return from_signed(reader.number<std::int16_t>());
        case uint32:
            return std::uint64_t{reader.number<std::uint32_t>()};
        case int32:
            return from_signed(reader.number<std::int32_t>());
        case float32:
            return double{std::bit_cast<float>(reader.number<std::uint32_t>())};
        case boolean:
            return reader.number<std::uint8_t>() != 0;
        case text:
            return reader.text(text_bytes_max);
        case uint64:
            return reader.number<std::uint64_t>();
        case int64:
            return from_signed(reader.number<std::int64_t>());
        case float64:
            return std::bit_cast<double>(reader.number<std::uint64_t>());
        case array:
            break;
    }
    reader.refuse_implausible("a value of type " + std::to_string(std::to_underlying(type)));
    return false;
}

std::uint64_t as_integer(const Value& value) {
    if (const bool* flag = std::get_if<bool>(&value)) {
        return *flag ? 1 : 0;
    }
    const auto* integer = std::get_if<std::uint64_t>(&value);
    return integer == nullptr ? 0 : *integer;
}

Array read_array(Reader& reader) {
    const auto type = static_cast<ValueType>(reader.number<std::uint32_t>());
    Array array{.count = reader.number<std::uint64_t>()};
    const std::uint64_t bytes_each = bytes_min(type);
    if (bytes_each == 0) {
        reader.refuse_implausible("an array of type " + std::to_string(std::to_underlying(type)));
        return array;
    }
    reader.check_count(array.count, limits::gguf_array_count_max, bytes_each, "values in a list");
    if (type == ValueType::text) {
        for (std::uint64_t i = 0; i < array.count && reader.ok(); ++i) {
            reader.skip_text();
        }
    } else if (type == ValueType::float32 || type == ValueType::float64 ||
               array.count > limits::gguf_layers_max) {
        reader.skip(reader.ok() ? array.count * bytes_each : 0);
    } else {
        for (std::uint64_t i = 0; i < array.count && reader.ok(); ++i) {
            array.integers.push_back(as_integer(read_scalar(reader, type)));
        }
    }
    return array;
}

/// People look at a model's chat template; every other text of a header is short or of no use here.
std::size_t text_kept_bytes_max(std::string_view key) {
    return key.starts_with("tokenizer.chat_template") ? limits::gguf_template_kept_bytes_max
                                                      : limits::gguf_text_kept_bytes_max;
}

Value read_value(Reader& reader, std::string_view key) {
    const auto type = static_cast<ValueType>(reader.number<std::uint32_t>());
    return type == ValueType::array ? Value(read_array(reader))
                                    : read_scalar(reader, type, text_kept_bytes_max(key));
}

std::size_t bytes_kept(const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        return text->size();
    }
    const auto* array = std::get_if<Array>(&value);
    return array == nullptr ? 0 : array->integers.size() * sizeof(std::uint64_t);
}

}  // namespace

bool Metadata::insert(std::string key, Value value) {
    return values_.emplace(std::move(key), std::move(value)).second;
}

template <class T>
const T* Metadata::find(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : std::get_if<T>(&found->second);
}

std::optional<std::string> Metadata::text(std::string_view key) const {
    const auto* text = find<std::string>(key);
    return text == nullptr ? std::nullopt : std::optional(utf8_repair(*text));
}

std::optional<std::uint64_t> Metadata::integer(std::string_view key) const {
    const auto* integer = find<std::uint64_t>(key);
    return integer == nullptr ? std::nullopt : std::optional(*integer);
}

std::optional<bool> Metadata::flag(std::string_view key) const {
    const auto* flag = find<bool>(key);
    return flag == nullptr ? std::nullopt : std::optional(*flag);
}

const Array* Metadata::array(std::string_view key) const { return find<Array>(key); }

Metadata read_metadata(Reader& reader, std::uint64_t count) {
    reader.check_count(count, limits::gguf_entries_max, entry_bytes_min, "metadata entries");
    Metadata metadata;
    std::size_t kept = 0;
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
        std::string key = reader.text(limits::gguf_key_bytes_max + 1);
        if (key.empty() || key.size() > limits::gguf_key_bytes_max) {
            reader.refuse_implausible("a key of " + std::string(key.empty() ? "no" : "endless") +
                                      " length");
        }
        Value value = read_value(reader, key);
        kept += key.size() + bytes_kept(value);
        if (kept > limits::gguf_kept_bytes_max) {
            reader.refuse_implausible("more metadata than any model has");
        }
        if (reader.ok() && !metadata.insert(std::move(key), std::move(value))) {
            reader.refuse_implausible("the same key twice");
        }
    }
    return metadata;
}

}  // namespace threadrunner::gguf
