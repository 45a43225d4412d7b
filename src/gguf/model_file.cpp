#include "gguf/model_file.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "gguf/checked.h"
#include "gguf/file_source.h"
#include "gguf/split_name.h"

namespace threadrunner::gguf {
namespace {

namespace fs = std::filesystem;

/// One file of a model.
struct Part {
    Header header;
    std::uint64_t bytes = 0;
    Split split;
};

std::unexpected<Error> refuse(const fs::path& path, const std::string& fault) {
    return fail(ErrorCode::model_load_failed, path.string() + " " + fault);
}

std::unexpected<Error> with_subject(const fs::path& path, Error error) {
    error.message = path.string() + " " + error.message;
    return std::unexpected(std::move(error));
}

Result<Part> read_part(const fs::path& path) {
    auto source = FileSource::open(path);
    if (!source) {
        return std::unexpected(source.error());
    }
    auto header = read_header(**source);
    if (!header) {
        return with_subject(path, std::move(header.error()));
    }
    const std::uint64_t bytes = (*source)->size();
    if (bytes < header->file_bytes_min) {
        return refuse(path, "is cut off: it has " + std::to_string(bytes) + " bytes of at least " +
                                std::to_string(header->file_bytes_min) + " (" +
                                format_bytes(header->file_bytes_min - bytes) +
                                " are missing); download it again");
    }
    const Split split = read_split(header->metadata);
    return Part{.header = std::move(*header), .bytes = bytes, .split = split};
}

std::string count_of_parts(const Split& split) {
    return "part " + std::to_string(saturating_add(split.number, 1)) + " of " +
           std::to_string(split.count);
}

/// The paths of a split model's parts, which llama.cpp finds by the first one's name.
Result<std::vector<fs::path>> paths_of_parts(const fs::path& path, const Split& split) {
    if (split.count > limits::gguf_parts_max) {
        return refuse(path, "is damaged: it claims to be one of " + std::to_string(split.count) +
                                " parts; download it again");
    }
    const auto name = parse_split_name(path.filename().string());
    const bool name_fits = name && name->count == split.count;
    if (split.number != 0) {
        return refuse(path, "is " + count_of_parts(split) + " of a split model; give its part 1" +
                                (name_fits ? ": " + (path.parent_path() / name->of_part(1)).string()
                                           : std::string()));
    }
    if (!name_fits || name->part != 1) {
        const SplitName expected{.prefix = "NAME", .part = 1, .count = split.count};
        return refuse(path, "is " + count_of_parts(split) +
                                " of a split model, whose parts are found by their names; rename "
                                "it to " +
                                expected.of_part(1) + " and the others likewise");
    }
    std::vector<fs::path> paths = {path};
    for (std::uint64_t number = 2; number <= split.count; ++number) {
        paths.push_back(path.parent_path() / name->of_part(number));
    }
    return paths;
}

/// All missing parts at once: nobody wants to download and try again for each.
Result<void> check_all_there(const std::vector<fs::path>& paths) {
    constexpr std::size_t listed_max = 8;
    std::string missing;
    std::size_t count = 0;
    for (const fs::path& path : paths) {
        std::error_code error;
        if (fs::exists(path, error) || error) {
            continue;  // what is there but cannot be read gets its own message
        }
        if (++count <= listed_max) {
            missing += (missing.empty() ? "" : ", ") + path.filename().string();
        }
    }
    if (count == 0) {
        return {};
    }
    if (count > listed_max) {
        missing += " and " + std::to_string(count - listed_max) + " more";
    }
    return refuse(paths.front(), "lacks " + std::to_string(count) + " of its " +
                                     std::to_string(paths.size()) + " parts: " + missing +
                                     "; download them into the same folder");
}

Result<void> add_part(const fs::path& path, std::uint64_t number, ModelFile& model,
                      TensorSummary& tensors, const Split& expected) {
    auto part = read_part(path);
    if (!part) {
        return std::unexpected(part.error());
    }
    if (part->split.number != number || part->split.count != expected.count) {
        return refuse(path, "says that it is " + count_of_parts(part->split) +
                                ", its name says another; download it again");
    }
    model.bytes = saturating_add(model.bytes, part->bytes);
    tensors.count = saturating_add(tensors.count, part->header.tensors.count);
    tensors.bytes = saturating_add(tensors.bytes, part->header.tensors.bytes);
    tensors.elements = saturating_add(tensors.elements, part->header.tensors.elements);
    return {};
}

}  // namespace

Result<ModelFile> check_model_file(const std::filesystem::path& path) {
    if (const std::string& name = path.native(); utf8_valid_prefix(name) != name.size()) {
        return fail(ErrorCode::model_load_failed, utf8_repair(name) +
                                                      " has a name that is not UTF-8, which cannot "
                                                      "be passed on to an engine; rename it");
    }
    auto first = read_part(path);
    if (!first) {
        return std::unexpected(first.error());
    }
    ModelFile model{
        .path = path, .parts = {path}, .bytes = first->bytes, .version = first->header.version};
    TensorSummary& tensors = first->header.tensors;
    if (first->split.count > 1) {
        auto paths = paths_of_parts(path, first->split);
        if (!paths) {
            return std::unexpected(paths.error());
        }
        model.parts = std::move(*paths);
        if (auto there = check_all_there(model.parts); !there) {
            return std::unexpected(there.error());
        }
        for (std::size_t i = 1; i < model.parts.size(); ++i) {
            if (auto added = add_part(model.parts[i], i, model, tensors, first->split); !added) {
                return std::unexpected(added.error());
            }
        }
    }
    if (tensors.count == 0) {
        return refuse(path, "holds a vocabulary but no weights; download the whole model");
    }
    if (first->split.tensors.value_or(tensors.count) != tensors.count) {
        return refuse(path, "and its parts hold " + std::to_string(tensors.count) + " tensors of " +
                                std::to_string(*first->split.tensors) +
                                "; its parts are of different models: download all again");
    }
    auto facts = read_facts(first->header);
    if (!facts) {
        return with_subject(path, std::move(facts.error()));
    }
    model.facts = std::move(*facts);
    return model;
}

}  // namespace threadrunner::gguf
