#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include "base/unique_fd.h"
#include "gguf/source.h"

namespace threadrunner::gguf {

/// A file on disk. Reading blocks: keep it off the event loop.
class FileSource : public Source {
public:
    /// Opens a regular file; a pipe or device is refused without waiting for it or waking it.
    /// unknown_model where there is none or a directory, model_load_failed for all else, missing
    /// permission included: whoever asks for a model learns of a model. Messages name the file.
    [[nodiscard]] static Result<std::unique_ptr<FileSource>> open(
        const std::filesystem::path& path);

    FileSource(UniqueFd fd, std::uint64_t size) : fd_(std::move(fd)), size_(size) {}

    [[nodiscard]] std::uint64_t size() const override { return size_; }
    /// An error's message lacks its subject, as read_header()'s.
    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override;

private:
    UniqueFd fd_;
    std::uint64_t size_;
};

}  // namespace threadrunner::gguf
