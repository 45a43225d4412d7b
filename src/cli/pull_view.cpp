#include "cli/pull_view.h"

#include <variant>

#include "base/text.h"
#include "cli/result.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {

void PullView::show(const Event& event, std::string_view, Clock::time_point now) {
    if (const auto* load = std::get_if<event::Load>(&event)) {
        // where nobody knows how much there is, there is no bar
        const auto fraction = load->fraction > 0 ? std::optional(load->fraction) : std::nullopt;
        progress_.set(safe_text(load->stage), fraction, now);
    } else if (std::holds_alternative<event::Queued>(event)) {
        progress_.set("Waiting", std::nullopt, now);
    }
}

std::string pulled_text(const wire::Json& result) {
    const wire::Json& meta = object_in(result, "meta");
    const std::string name = safe_text(text_in(meta, "name"));
    const std::string bytes = format_bytes(count_in(meta, "bytes"));
    return flag_in(meta, "already") ? name + " is here already (" + bytes + ")\n"
                                    : "pulled " + name + " (" + bytes + ")\n";
}

}  // namespace threadrunner::cli
