#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace threadrunner::engine {

/// A low-rank adapter's file, laid over the weights.
struct Adapter {
    std::string path;
    float scale = 1;
};

/// What a load asks for. Everything that the daemon's budget counts is here and nowhere else.
struct LoadSettings {
    std::string path;
    std::int32_t context = 0;  ///< tokens a slot
    std::int32_t slots = 1;
    std::int32_t threads = 1;
    std::int32_t gpu_layers = 0;     ///< negative: all
    std::int32_t cache_ram_mib = 0;  ///< prompts kept in memory besides those in the slots
    bool embed = false;              ///< for embeddings and reranking rather than for text
    std::optional<std::string> chat_template;  ///< Jinja, in place of the model's own
    std::vector<Adapter> adapters;
    std::string draft;                     ///< a second model's file, which guesses ahead; or none
    std::vector<std::string> engine_args;  ///< llama.cpp's own options, see engine_args.h
};

}  // namespace threadrunner::engine
