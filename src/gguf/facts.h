#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gguf/header.h"

namespace threadrunner::gguf {

/// How a model makes one vector of many; the numbers of llama.cpp's enum llama_pooling_type.
enum class Pooling : std::uint8_t { none, mean, cls, last, rank };

/// Which part of a model that was split over several files a file is. A whole model is part 0 of 1.
struct Split {
    std::uint64_t number = 0;  ///< from 0
    std::uint64_t count = 1;
    std::optional<std::uint64_t> tensors;  ///< of all parts together
};

/// What a header says about its model. Numbers that a file does not give are 0; they are as the
/// file has them, so that products of them must saturate.
struct ModelFacts {
    std::string architecture;
    std::string name;
    std::string quantization;  ///< "Q4_K_M"; the main tensor type where the file does not say
    std::uint64_t parameters = 0;
    std::uint64_t weights_bytes = 0;
    std::uint64_t context_length = 0;  ///< tokens it was trained for
    std::uint64_t embedding_length = 0;
    std::uint64_t feed_forward_length = 0;  ///< of the widest layer
    std::uint64_t block_count = 0;          ///< layers, at most limits::gguf_layers_max
    std::vector<std::uint64_t> heads;       ///< a number a layer
    std::vector<std::uint64_t> kv_heads;    ///< a number a layer; 0: it keeps no keys and values
    std::uint64_t key_length = 0;  ///< numbers a head; the larger of full and sliding layers
    std::uint64_t value_length = 0;
    std::uint64_t sliding_window = 0;  ///< tokens
    std::uint64_t vocabulary_size = 0;
    bool has_chat_template = false;
    std::string chat_template;  ///< Jinja; empty without one
    bool takes_tools = false;   ///< the chat template has a place for them
    bool has_vision = false;    ///< layers for images are in the same file
    bool causal = true;         ///< it can continue a text; false for encoders
    std::optional<Pooling> pooling;
};

/// Reads the facts out of a header, of the first part if there are several. model_load_failed for
/// what is no language model (an adapter, a vision projector) or would abort the engine; the
/// message lacks its subject, as read_header()'s.
[[nodiscard]] Result<ModelFacts> read_facts(const Header& header);

/// What a model can be used for, for people and programs: "chat" (it has a template), "complete"
/// (it continues a text), "tools", "vision", "embed", "rerank".
[[nodiscard]] std::vector<std::string_view> capabilities(const ModelFacts& facts);

/// The split that a header belongs to.
[[nodiscard]] Split read_split(const Metadata& metadata);

}  // namespace threadrunner::gguf
