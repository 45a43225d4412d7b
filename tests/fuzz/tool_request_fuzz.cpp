#include <memory>
#include <string>

#include "invariant.h"
#include "protocol/tool.h"
#include "wire/decode.h"

using threadrunner::fuzz::must_hold;
using threadrunner::tools::Answer;
using threadrunner::tools::Json;
using threadrunner::tools::Tool;

namespace {

const Tool& tool() {
    static const Tool made(
        "fuzzed", "1",
        {{"count", "Counts a request's members.", Json::object(), false,
          [](const Json& request) -> Answer { return Json{{"members", request.size()}}; }},
         {"fail", "Fails.", Json::object(), false,
          [](const Json&) -> Answer { return threadrunner::tools::refuse("as it should"); }}});
    return made;
}

void check_reply(const Json& request, const Json& reply) {
    must_hold(reply.is_object() && reply.contains("ok") && reply["ok"].is_boolean(),
              "a reply says whether it went well");
    must_hold(reply["ok"] == !reply.contains("error"), "an error is in what did not");
    if (!request.is_object()) {
        must_hold(reply["ok"] == false, "only a map is a request");
        return;
    }
    must_hold(request.contains("id") == reply.contains("id"), "an id comes back");
    if (request.contains("id")) {
        // bytes, because a NaN is not equal to itself
        must_hold(threadrunner::wire::encode_msgpack(request["id"]) ==
                      threadrunner::wire::encode_msgpack(reply["id"]),
                  "the id is that of the request");
    }
    if (reply["ok"] == true && request["op"] == "batch") {
        must_hold(reply["replies"].size() == request["requests"].size(), "each has a reply");
        for (std::size_t i = 0; i < reply["replies"].size(); ++i) {
            check_reply(request["requests"][i], reply["replies"][i]);
        }
    }
}

}  // namespace

/// Whatever a frame holds, its reply is one that the daemon can read, and that of its request.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = threadrunner::fuzz::as_text(data, size);
    const auto reply = threadrunner::wire::decode_msgpack(tool().reply_to(bytes));
    must_hold(reply.has_value(), "a reply can be decoded");
    const auto request = threadrunner::wire::decode_msgpack(bytes);
    check_reply(request ? *request : Json(), *reply);
    return 0;
}
