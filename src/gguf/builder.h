#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace threadrunner::gguf {

/// Writes GGUF files for tests, unsound ones too: it believes all that it is told.
class Builder {
public:
    explicit Builder(std::uint32_t version = 3) : version_(version) {}

    Builder& text(std::string_view key, std::string_view value) {
        return entry(key, 8, string(value));
    }
    Builder& u16(std::string_view key, std::uint16_t value) { return entry(key, 2, bytes(value)); }
    Builder& u32(std::string_view key, std::uint32_t value) { return entry(key, 4, bytes(value)); }
    Builder& i32(std::string_view key, std::int32_t value) { return entry(key, 5, bytes(value)); }
    Builder& flag(std::string_view key, bool value) {
        return entry(key, 7, bytes(static_cast<std::uint8_t>(value)));
    }
    Builder& u32_list(std::string_view key, const std::vector<std::uint32_t>& values) {
        std::string list = list_start(4, values.size());
        for (const std::uint32_t value : values) {
            list += bytes(value);
        }
        return entry(key, 9, list);
    }
    Builder& text_list(std::string_view key, std::size_t count) {
        std::string list = list_start(8, count);
        for (std::size_t i = 0; i < count; ++i) {
            list += string(std::to_string(i));
        }
        return entry(key, 9, list);
    }
    /// Any type and bytes.
    Builder& entry(std::string_view key, std::uint32_t type, std::string_view value) {
        metadata_ += string(key) + bytes(type) + std::string(value);
        ++entries_;
        return *this;
    }

    Builder& tensor(std::string_view name, const std::vector<std::uint64_t>& lengths,
                    std::uint32_t type, std::uint64_t offset) {
        tensors_ += string(name) + bytes(static_cast<std::uint32_t>(lengths.size()));
        for (const std::uint64_t length : lengths) {
            tensors_ += bytes(length);
        }
        tensors_ += bytes(type) + bytes(offset);
        ++tensor_count_;
        return *this;
    }

    Builder& announce_entries(std::uint64_t count) { return entries_ = count, *this; }
    Builder& announce_tensors(std::uint64_t count) { return tensor_count_ = count, *this; }

    [[nodiscard]] std::string header() const {
        return "GGUF" + bytes(version_) + bytes(tensor_count_) + bytes(entries_) + metadata_ +
               tensors_;
    }

    /// The header, padded, and this many bytes of tensor data.
    [[nodiscard]] std::string file(std::size_t data_bytes, std::size_t alignment = 32) const {
        std::string out = header();
        out.resize((out.size() + alignment - 1) / alignment * alignment + data_bytes);
        return out;
    }

    template <std::integral T>
    [[nodiscard]] static std::string bytes(T value) {
        std::string out;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i)));
        }
        return out;
    }
    [[nodiscard]] static std::string string(std::string_view value) {
        return bytes(std::uint64_t{value.size()}) + std::string(value);
    }
    [[nodiscard]] static std::string list_start(std::uint32_t type, std::uint64_t count) {
        return bytes(type) + bytes(count);
    }

private:
    std::uint32_t version_;
    std::uint64_t entries_ = 0;
    std::uint64_t tensor_count_ = 0;
    std::string metadata_;
    std::string tensors_;
};

/// A small model of two layers, sound with small_model_data_bytes of tensor data.
inline Builder small_model() {
    return Builder()
        .text("general.architecture", "llama")
        .text("general.name", "Small")
        .u32("general.file_type", 15)
        .u32("llama.context_length", 4096)
        .u32("llama.embedding_length", 64)
        .u32("llama.block_count", 2)
        .u32("llama.feed_forward_length", 128)
        .u32("llama.attention.head_count", 8)
        .u32("llama.attention.head_count_kv", 2)
        .text_list("tokenizer.ggml.tokens", 300)
        .text("tokenizer.chat_template", "{{ messages }}")
        .tensor("token_embd.weight", {4, 2}, 0, 0)
        .tensor("output.weight", {8}, 0, 32);
}
constexpr std::size_t small_model_data_bytes = 64;

}  // namespace threadrunner::gguf
