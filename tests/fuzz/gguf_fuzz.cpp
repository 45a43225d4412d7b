#include "base/text.h"
#include "gguf/facts.h"
#include "gguf/memory_estimate.h"
#include "gguf/memory_source.h"
#include "invariant.h"

using threadrunner::fuzz::must_hold;

/// Any bytes are a header or a fault; a header announces no more than its file can hold, and its
/// facts can be shown and computed with.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace threadrunner::gguf;
    MemorySource source(threadrunner::fuzz::as_text(data, size));
    const auto header = read_header(source);
    if (!header) {
        must_hold(!header.error().message.empty(), "a refusal says why");
        return 0;
    }
    must_hold(header->version == 2 || header->version == 3, "versions 2 and 3");
    must_hold(header->tensors.count <= size && header->file_bytes_min >= 24, "counts fit the file");
    must_hold(read_split(header->metadata).count >= 1, "a file is part of something");
    const auto facts = read_facts(*header);
    if (!facts) {
        must_hold(!facts.error().message.empty(), "a refusal says why");
        return 0;
    }
    must_hold(threadrunner::utf8_valid_prefix(facts->name) == facts->name.size(),
              "names are UTF-8");
    const MemoryEstimate little = estimate_memory(*facts, 1, 1);
    const MemoryEstimate much = estimate_memory(*facts, 1 << 20, 64);
    must_hold(little.total_bytes() <= much.total_bytes(), "more context never takes less memory");
    must_hold(little.total_bytes() >= facts->weights_bytes, "weights are counted");
    return 0;
}
