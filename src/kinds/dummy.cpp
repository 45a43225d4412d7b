#include "kinds/dummy.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/number.h"
#include "base/paths.h"
#include "base/settings.h"
#include "base/text.h"
#include "kinds/route_exchange.h"

namespace threadrunner {
namespace {

constexpr std::uint64_t process_bytes = 8 * limits::mib;  ///< seen: 5 MiB

/// The options of threadrunner-dummy; memory_mib is the daemon's own: what it reserves for it.
constexpr std::array<std::string_view, 13> option_names = {
    "think",   "slots",          "tokens_per_second", "load_ms",    "prompt_ms",
    "fail_at", "crash_at",       "freeze_at",         "garbage_at", "stderr_lines",
    "mute",    "deaf_to_cancel", "memory_mib"};

struct Option {
    std::string name;
    std::string value;
    double number = 1;
};

Result<std::vector<Option>> parse_options(std::string_view text) {
    std::vector<Option> options;
    while (!text.empty()) {
        const std::string_view part = take_entry(text, ",");
        const std::size_t equals = std::min(part.find('='), part.size());
        Option option{.name = std::string(part.substr(0, equals)),
                      .value = std::string(part.substr(std::min(equals + 1, part.size())))};
        if (std::find(option_names.begin(), option_names.end(), option.name) ==
            option_names.end()) {
            const auto near = nearest(option.name, option_names);
            return fail(ErrorCode::unknown_model,
                        "the dummy's model is a list of options (tokens_per_second=50,crash_at=3); "
                        "it has no '" +
                            option.name + "'" +
                            (near ? ", did you mean '" + std::string(*near) + "'?" : ""));
        }
        if (option.value.empty()) {
            option.value = "1";
        }
        option.number = number_from<double>(option.value).value_or(-1);
        if (!(option.number >= 0 && option.number <= 1e9)) {
            return fail(ErrorCode::unknown_model, "the dummy's option " + option.name +
                                                      " takes a number from 0 to 1e9, not '" +
                                                      option.value + "'");
        }
        options.push_back(std::move(option));
    }
    return options;
}

/// A file is what the environment chose for the llama backend: the dummy stands in for any model.
bool is_file(std::string_view model) {
    return model.find('/') != std::string_view::npos || model.ends_with(".gguf");
}

}  // namespace

Result<Target> DummyKind::resolve(const JobSpec& spec) const {
    Target target{.kind = "dummy", .name = is_file(spec.model) ? "" : spec.model, .profile = {}};
    if (auto options = parse_options(target.name); !options) {
        return std::unexpected(options.error());
    }
    return target;
}

Result<LaunchPlan> DummyKind::plan(const Target& target) const {
    auto program = find_program("threadrunner-dummy");
    auto options = parse_options(target.name);
    if (!program || !options) {
        return std::unexpected(!program ? program.error() : options.error());
    }
    LaunchPlan plan{.command = {.program = *program, .arguments = {}},
                    .load = std::nullopt,
                    .memory = {{std::string(host_device), process_bytes}},
                    .device_limits = {},
                    .memory_detail = "the dummy's process"};
    for (const Option& option : *options) {
        if (option.name == "memory_mib") {
            plan.memory.begin()->second = static_cast<std::uint64_t>(option.number) * limits::mib;
            continue;
        }
        if (option.name == "load_ms") {
            plan.load = wire::Json::object();
        }
        std::string name = option.name;
        std::replace(name.begin(), name.end(), '_', '-');
        plan.command.arguments.push_back("--" + name + "=" + option.value);
    }
    return plan;
}

std::unique_ptr<Exchange> DummyKind::exchange(const Job& job) const {
    return route_exchange(job.spec.work);
}

}  // namespace threadrunner
