#include "invariant.h"
#include "wire/event.h"
#include "wire/fields.h"

using threadrunner::fuzz::must_hold;
using namespace threadrunner::wire;

namespace {

/// Every way to read every member, each on a reader of its own: the first fault silences a reader.
void read_all_members(const Json& object) {
    for (const auto& [name, value] : object.items()) {
        (void)Fields(object, "it").text(name);
        (void)Fields(object, "it").flag(name);
        (void)Fields(object, "it").texts(name);
        (void)Fields(object, "it").value(name);
        (void)Fields(object, "it").array(name);
        Fields fields(object, "it");
        const auto integer = fields.integer(name, -5, 5);
        must_hold(!integer || (*integer >= -5 && *integer <= 5), "integers keep their range");
        const auto number = Fields(object, "it").number(name, -1, 1);
        must_hold(!number || (*number >= -1 && *number <= 1), "numbers keep their range");
        const auto duration = Fields(object, "it").duration(name);
        must_hold(!duration || duration->count() >= 0, "durations are not negative");
    }
}

}  // namespace

/// What is read as an event is written as one and reads back the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto document = decode_json(threadrunner::fuzz::as_text(data, size));
    if (!document) {
        return 0;
    }
    if (document->is_object()) {
        read_all_members(*document);
    }
    const auto event = event_from_json(*document);
    if (!event) {
        must_hold(!event.error().message.empty(), "a refusal says why");
        return 0;
    }
    const Json written = event_to_json(*event);
    const auto again = event_from_json(written);
    must_hold(again && event_to_json(*again) == written, "an event reads back");
    return 0;
}
