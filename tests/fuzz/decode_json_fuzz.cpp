#include "invariant.h"
#include "wire/decode.h"

using threadrunner::fuzz::must_hold;

/// What decodes can be written in both formats and decodes from both to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace threadrunner::wire;
    const auto document = decode_json(threadrunner::fuzz::as_text(data, size));
    if (!document) {
        must_hold(!document.error().message.empty(), "a refusal says why");
        return 0;
    }
    const auto from_json = decode_json(encode_json(*document));
    must_hold(from_json && *from_json == *document, "JSON reads back");
    const auto from_msgpack = decode_msgpack(encode_msgpack(*document));
    must_hold(from_msgpack && *from_msgpack == *document, "MessagePack reads back");
    return 0;
}
