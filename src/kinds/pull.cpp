#include "kinds/pull.h"

#include <utility>
#include <variant>
#include <vector>

#include "base/hex.h"
#include "base/limits.h"
#include "base/words.h"
#include "model/name.h"
#include "model/pull_source.h"

namespace threadrunner {
namespace {

/// libcurl and OpenSSL, and the pieces on their way; seen: 14 MiB.
constexpr std::uint64_t process_bytes = 24 * limits::mib;
constexpr std::size_t sha256_digits = 64;

/// The words of a job's model or of a target's profile.
struct Wishes {
    std::string source;
    std::map<std::string, std::string, std::less<>> by_name;

    [[nodiscard]] std::string of(std::string_view name) const {
        const auto found = by_name.find(name);
        return found == by_name.end() ? std::string() : found->second;
    }
};

Wishes read_wishes(const std::vector<std::string>& words) {
    Wishes out;
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (out.source.empty() && &word == &words.front()) {
            out.source = word;
        } else if (equals != std::string::npos) {
            out.by_name[word.substr(0, equals)] = word.substr(equals + 1);
        }
    }
    return out;
}

Result<void> check(const Wishes& wishes) {
    if (const std::string name = wishes.of("name"); !name.empty()) {
        if (auto checked = model::check_name(name); !checked) {
            return checked;
        }
    }
    const std::string sum = wishes.of("sha256");
    const bool is_sum = sum.size() == sha256_digits && is_hex(sum);
    if (!sum.empty() && !is_sum) {
        return fail(ErrorCode::invalid_request,
                    "a SHA-256 has 64 hexadecimal digits; '" + sum + "' is none");
    }
    return {};
}

}  // namespace

Result<Target> PullKind::resolve(const JobSpec& spec) const {
    if (!std::holds_alternative<work::Load>(spec.work)) {
        return fail(ErrorCode::invalid_request, "the backend 'pull' fetches models, no more");
    }
    const auto words = split_words(spec.model);
    const Wishes wishes = read_wishes(words.value_or(std::vector<std::string>()));
    const auto source = model::parse_pull_source(wishes.source, !wishes.of("sha256").empty());
    if (!source) {
        return std::unexpected(source.error());
    }
    if (auto checked = check(wishes); !checked) {
        return std::unexpected(checked.error());
    }
    std::string profile;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) {
            profile += (profile.empty() ? "" : " ") + quote_word(std::string(name) + "=" + value);
        }
    };
    if (!source->repository.empty()) {
        const std::string given = wishes.of("endpoint");
        const std::string& wanted = given.empty() ? settings_.pull_endpoint : given;
        if (wanted.empty()) {
            return fail(ErrorCode::invalid_request,
                        "hf: sources come from the hub that HF_ENDPOINT names, and it is not set: "
                        "export HF_ENDPOINT=https://HOST, or for good: threadrunner config set "
                        "pull.endpoint https://HOST");
        }
        auto endpoint = model::check_endpoint(wanted);
        if (!endpoint) {
            return std::unexpected(endpoint.error());
        }
        add("endpoint", *endpoint);
    }
    add("name", wishes.of("name"));
    add("sha256", wishes.of("sha256"));
    Target target{.kind = "pull", .name = source->shown(), .profile = std::move(profile)};
    const std::lock_guard lock(mutex_);
    if (secrets_.size() >= limits::pull_secrets_max) {
        secrets_.clear();  // those of pulls that are long over, mostly
    }
    secrets_[target] = {.url = source->url, .token = wishes.of("token")};
    return target;
}

Result<LaunchPlan> PullKind::plan(const Target& target) const {
    auto program = find_program("threadrunner-pull");
    if (!program) {
        return fail(ErrorCode::not_supported, program.error().message);
    }
    const auto source = model::parse_pull_source(target.name, true);
    if (!source) {
        return std::unexpected(source.error());
    }
    Wishes wishes =
        read_wishes(split_words("- " + target.profile).value_or(std::vector<std::string>()));
    Secret secret;
    {
        const std::lock_guard lock(mutex_);
        secret = secrets_[target];
    }
    // only the hub's own files are for its token
    const bool is_hub = !source->repository.empty();
    const std::string token = secret.token.empty() ? settings_.pull_token : secret.token;
    wire::Json load = {{"source", target.name},
                       {"folder", home_.models().string()},
                       {"work", home_.pulls().string()},
                       {"name", wishes.of("name")},
                       {"sha256", wishes.of("sha256")},
                       {"limit_bytes", settings_.pull_limit_kib * limits::kib},
                       {"attempts", settings_.pull_attempts},
                       {"connect_ms", settings_.pull_connect.count()},
                       {"stall_ms", settings_.pull_stall.count()},
                       {"retry_ms", settings_.pull_retry.count()},
                       {"wait_ms", settings_.pull_wait.count()}};
    if (is_hub) {
        load.update({{"repository", source->repository},
                     {"file", source->file},
                     {"endpoint", wishes.of("endpoint")},
                     {"token", token}});
    } else {
        load["url"] = secret.url.empty() ? source->url : secret.url;
    }
    return LaunchPlan{.command = {.program = *program, .arguments = {}},
                      .load = std::move(load),
                      .memory = {{std::string(host_device), process_bytes}},
                      .device_limits = {},
                      .memory_detail = "the process that downloads"};
}

}  // namespace threadrunner
