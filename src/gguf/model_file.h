#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "gguf/facts.h"

namespace threadrunner::gguf {

/// A model on disk, all parts of it there and whole.
struct ModelFile {
    std::filesystem::path path;                ///< of the file, or of the first part
    std::vector<std::filesystem::path> parts;  ///< every file, the first included
    std::uint64_t bytes = 0;                   ///< of all parts
    std::uint32_t version = 0;                 ///< of the GGUF format
    ModelFacts facts;                          ///< sums over all parts
};

/// Finds every fault that a header and the sizes of files can show, so that no worker is started
/// for a file that cannot load and the user reads what to do rather than an engine's log. Reads the
/// disk (a few ms, up to a second for a hostile file): keep it off the event loop. Errors: those of
/// FileSource::open(), else model_load_failed. Says nothing about the weights themselves.
[[nodiscard]] Result<ModelFile> check_model_file(const std::filesystem::path& path);

}  // namespace threadrunner::gguf
