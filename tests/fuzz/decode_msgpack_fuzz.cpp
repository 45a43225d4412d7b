#include "invariant.h"
#include "wire/decode.h"

using threadrunner::fuzz::must_hold;

/// What decodes can be written in both formats and decodes from MessagePack to the same. Bytes are
/// compared, because a NaN in the document is not equal to itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace threadrunner::wire;
    const auto document = decode_msgpack(threadrunner::fuzz::as_text(data, size));
    if (!document) {
        must_hold(!document.error().message.empty(), "a refusal says why");
        return 0;
    }
    must_hold(!encode_json(*document).empty(), "it can be written as JSON");
    const std::string written = encode_msgpack(*document);
    const auto again = decode_msgpack(written);
    must_hold(again && encode_msgpack(*again) == written, "MessagePack reads back");
    return 0;
}
