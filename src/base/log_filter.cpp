#include "base/log_filter.h"

#include <algorithm>

#include "base/text.h"

namespace threadrunner::log {
namespace {

constexpr std::string_view blank = " ";

}  // namespace

std::optional<Level> level_from(std::string_view name) {
    const auto* found = std::ranges::find(level_names, small_letters(name));
    if (found == level_names.end()) {
        return std::nullopt;
    }
    return static_cast<Level>(found - level_names.begin());
}

Result<Filter> Filter::parse(std::string_view text) {
    Filter out;
    while (!text.empty()) {
        const std::string_view part = take_entry(text, ",");
        const std::size_t equals = part.find('=');
        const bool whole = equals == std::string_view::npos;
        const auto level = level_from(trimmed(whole ? part : part.substr(equals + 1), blank));
        std::string_view target = whole ? "core" : trimmed(part.substr(0, equals), blank);
        if (!level || target.empty()) {
            return fail(ErrorCode::invalid_request,
                        "'" + std::string(part) +
                            "' is no log filter: write a level (trace, debug, info, warn, error, "
                            "off) or targets with levels (daemon=debug,engine=info)");
        }
        constexpr std::string_view prefix = "threadrunner_";
        if (target.starts_with(prefix)) {
            target.remove_prefix(prefix.size());
        }
        if (target == "core") {
            out.least_ = *level;
        } else {
            out.by_target_[std::string(target)] = *level;
        }
    }
    return out;
}

bool Filter::passes(Level level, std::string_view target) const {
    const auto found = by_target_.find(target);
    return level >= (found == by_target_.end() ? least_ : found->second);
}

}  // namespace threadrunner::log
