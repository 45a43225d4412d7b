#include "wire/member_texts.h"

#include "invariant.h"
#include "wire/decode.h"

using threadrunner::fuzz::must_hold;
using namespace threadrunner::wire;

/// Keeping every member keeps every byte; changing one of an object leaves the others as they were.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = threadrunner::fuzz::as_text(data, size);
    const auto keep = [](const Member& /*member*/) -> std::optional<std::string> {
        return std::nullopt;
    };
    must_hold(with_members_changed(text, keep) == text, "what is kept stays");

    const auto change = [](const Member& member) -> std::optional<std::string> {
        const bool mine = member.parent.empty() && member.name == "id";
        return mine ? std::optional<std::string>("\"new\"") : std::nullopt;
    };
    const std::string changed = with_members_changed(text, change);
    auto before = decode_json(text);
    if (!before || !before->is_object()) {
        return 0;
    }
    auto after = decode_json(changed);
    must_hold(after && after->is_object(), "an object stays one");
    before->erase("id");
    after->erase("id");
    must_hold(*before == *after, "the other members stay");
    return 0;
}
