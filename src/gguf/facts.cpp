#include "gguf/facts.h"

#include <algorithm>
#include <string_view>

#include "base/limits.h"
#include "gguf/file_type.h"

namespace threadrunner::gguf {
namespace {

constexpr std::string_view template_key = "tokenizer.chat_template";

/// Metadata under the architecture's own prefix ("gemma3.context_length").
class ArchitectureKeys {
public:
    ArchitectureKeys(const Metadata& metadata, const std::string& architecture)
        : metadata_(metadata), prefix_(architecture + ".") {}

    [[nodiscard]] std::optional<std::uint64_t> integer(std::string_view key) const {
        return metadata_.integer(prefix_ + std::string(key));
    }

    [[nodiscard]] std::optional<bool> flag(std::string_view key) const {
        return metadata_.flag(prefix_ + std::string(key));
    }

    /// A number a layer, given as a list or once for all. A list that is too short repeats its
    /// largest number; empty without the key.
    [[nodiscard]] std::vector<std::uint64_t> per_layer(std::string_view key,
                                                       std::uint64_t layers) const {
        const auto count = static_cast<std::size_t>(layers);
        if (const auto once = integer(key)) {
            return std::vector<std::uint64_t>(count, *once);
        }
        const Array* list = metadata_.array(prefix_ + std::string(key));
        if (list == nullptr || list->integers.empty()) {
            return {};
        }
        std::vector<std::uint64_t> out = list->integers;
        out.resize(count, std::ranges::max(list->integers));
        return out;
    }

private:
    const Metadata& metadata_;
    std::string prefix_;
};

std::unexpected<Error> refuse(std::string message) {
    return fail(ErrorCode::model_load_failed, std::move(message));
}

/// Other things that come as GGUF files and lie beside models.
Result<void> check_is_model(const Metadata& metadata, const std::string& architecture) {
    const std::string type = metadata.text("general.type").value_or("model");
    if (type == "adapter") {
        return refuse("is an adapter (LoRA), not a model; name the model that it adapts");
    }
    if (type == "mmproj" || architecture == "clip") {
        return refuse(
            "is a projector for images or sound, not a model; name the model that it "
            "belongs to");
    }
    if (type == "imatrix") {
        return refuse("is an importance matrix for quantising, not a model");
    }
    if (architecture.empty()) {
        return refuse(
            "names no architecture (general.architecture), so it is not a language "
            "model that could be run");
    }
    return {};
}

std::string quantization_of(const Header& header) {
    const auto file_type = header.metadata.integer("general.file_type");
    const std::string_view name = file_type ? file_type_name(*file_type) : std::string_view();
    return std::string(name.empty() ? header.tensors.main_type : name);
}

std::uint64_t vocabulary_size_of(const Metadata& metadata, const ArchitectureKeys& keys) {
    if (const Array* tokens = metadata.array("tokenizer.ggml.tokens")) {
        return tokens->count;
    }
    return keys.integer("vocab_size").value_or(0);
}

std::optional<Pooling> pooling_of(const ArchitectureKeys& keys) {
    const auto number = keys.integer("pooling_type");
    if (!number || *number > static_cast<std::uint64_t>(Pooling::rank)) {
        return std::nullopt;
    }
    return static_cast<Pooling>(*number);
}

/// Templates loop over a variable of this name; a few models have one template more, for tools.
bool takes_tools(const Metadata& metadata, std::string_view chat_template) {
    return chat_template.find("tools") != std::string_view::npos ||
           metadata.has("tokenizer.chat_template.tool_use");
}

std::uint64_t largest(const std::vector<std::uint64_t>& numbers) {
    return numbers.empty() ? 0 : std::ranges::max(numbers);
}

/// As llama.cpp derives them: keys and values share the embedding unless the file says otherwise.
void read_attention(const ArchitectureKeys& keys, ModelFacts& facts) {
    facts.heads = keys.per_layer("attention.head_count", facts.block_count);
    facts.kv_heads = keys.per_layer("attention.head_count_kv", facts.block_count);
    if (facts.kv_heads.empty()) {
        facts.kv_heads = facts.heads;
    }
    const std::uint64_t heads = largest(facts.heads);
    const std::uint64_t share = heads == 0 ? 0 : facts.embedding_length / heads;
    const auto length = [&](std::string_view full, std::string_view sliding) {
        return std::max(keys.integer(full).value_or(share), keys.integer(sliding).value_or(0));
    };
    facts.key_length = length("attention.key_length", "attention.key_length_swa");
    facts.value_length = length("attention.value_length", "attention.value_length_swa");
    facts.sliding_window = keys.integer("attention.sliding_window").value_or(0);
    facts.causal = keys.flag("attention.causal").value_or(true);
}

}  // namespace

Result<ModelFacts> read_facts(const Header& header) {
    const Metadata& metadata = header.metadata;
    ModelFacts facts{.architecture = metadata.text("general.architecture").value_or("")};
    if (auto checked = check_is_model(metadata, facts.architecture); !checked) {
        return std::unexpected(checked.error());
    }
    const ArchitectureKeys keys(metadata, facts.architecture);
    facts.block_count = keys.integer("block_count").value_or(0);
    if (facts.block_count > limits::gguf_layers_max) {
        return refuse("claims " + std::to_string(facts.block_count) + " layers; at most " +
                      std::to_string(limits::gguf_layers_max) +
                      " can be run. If it is damaged, download it again");
    }
    facts.name = metadata.text("general.name").value_or("");
    facts.quantization = quantization_of(header);
    facts.parameters = header.tensors.elements;
    facts.weights_bytes = header.tensors.bytes;
    facts.context_length = keys.integer("context_length").value_or(0);
    facts.embedding_length = keys.integer("embedding_length").value_or(0);
    facts.feed_forward_length = largest(keys.per_layer("feed_forward_length", facts.block_count));
    read_attention(keys, facts);
    facts.vocabulary_size = vocabulary_size_of(metadata, keys);
    facts.has_chat_template = metadata.has(template_key);
    facts.chat_template = metadata.text(template_key).value_or("");
    facts.takes_tools = takes_tools(metadata, facts.chat_template);
    facts.has_vision = keys.integer("vision.block_count").value_or(0) > 0;
    facts.pooling = pooling_of(keys);
    return facts;
}

std::vector<std::string_view> capabilities(const ModelFacts& facts) {
    std::vector<std::string_view> out;
    const auto add = [&](bool can, std::string_view name) {
        if (can) {
            out.push_back(name);
        }
    };
    const Pooling pooling = facts.pooling.value_or(Pooling::none);
    const bool embeds = !facts.causal || pooling != Pooling::none;
    add(facts.causal && facts.has_chat_template, "chat");
    add(facts.causal, "complete");
    add(facts.causal && facts.takes_tools, "tools");
    add(facts.has_vision, "vision");
    add(embeds && pooling != Pooling::rank, "embed");
    add(pooling == Pooling::rank, "rerank");
    return out;
}

Split read_split(const Metadata& metadata) {
    Split split{.number = metadata.integer("split.no").value_or(0),
                .count = metadata.integer("split.count").value_or(1),
                .tensors = metadata.integer("split.tensors.count")};
    split.count = std::max<std::uint64_t>(split.count, 1);
    return split;
}

}  // namespace threadrunner::gguf
