#include "base/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <vector>

#include "base/listen_address.h"
#include "base/log_filter.h"
#include "base/number.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/words.h"

namespace threadrunner {
namespace {

using std::chrono::milliseconds;
using Setter = std::function<Result<void>(Settings&, std::string_view)>;

Setter text(std::string Settings::* member) {
    return [member](Settings& settings, std::string_view value) -> Result<void> {
        settings.*member = value;
        return {};
    };
}

/// What a wait may be. It is added to the time of day, so only a setting that means it is for ever.
struct Range {
    milliseconds min{0};
    milliseconds max = std::chrono::hours(24);
};

Setter duration(milliseconds Settings::* member, std::string_view key, Range range) {
    return [=](Settings& settings, std::string_view value) -> Result<void> {
        auto parsed = parse_duration(value, key);
        if (!parsed) {
            return std::unexpected(parsed.error());
        }
        if (*parsed < range.min || *parsed > range.max) {
            return fail(ErrorCode::invalid_request, std::string(key) + " must be from " +
                                                        format_duration(range.min) + " to " +
                                                        format_duration(range.max));
        }
        settings.*member = *parsed;
        return {};
    };
}

Setter integer(std::uint64_t Settings::* member, std::string_view key, std::uint64_t min,
               std::uint64_t max) {
    return [=](Settings& settings, std::string_view value) -> Result<void> {
        const auto parsed = number_from<std::uint64_t>(value);
        if (!parsed || *parsed < min || *parsed > max) {
            return fail(ErrorCode::invalid_request,
                        std::string(key) + " must be an integer from " + std::to_string(min) +
                            " to " + std::to_string(max) + ", not '" + std::string(value) + "'");
        }
        settings.*member = *parsed;
        return {};
    };
}

Setter flag(bool Settings::* member, std::string_view key) {
    return [=](Settings& settings, std::string_view value) -> Result<void> {
        if (value != "true" && value != "false") {
            return fail(
                ErrorCode::invalid_request,
                std::string(key) + " must be true or false, not '" + std::string(value) + "'");
        }
        settings.*member = value == "true";
        return {};
    };
}

std::string joined(std::span<const std::string_view> names) {
    std::string out;
    for (const std::string_view name : names) {
        out += (out.empty() ? "" : ", ") + std::string(name);
    }
    return out;
}

Setter choice(std::string Settings::* member, std::string_view key,
              std::vector<std::string_view> choices) {
    return [=](Settings& settings, std::string_view value) -> Result<void> {
        if (std::ranges::find(choices, value) == choices.end()) {
            return fail(ErrorCode::invalid_request, std::string(key) + " must be one of " +
                                                        joined(choices) + ", not '" +
                                                        std::string(value) + "'");
        }
        settings.*member = value;
        return {};
    };
}

Setter filter(std::string Settings::* member, std::string_view key) {
    return [=](Settings& settings, std::string_view value) -> Result<void> {
        if (auto parsed = log::Filter::parse(value); !parsed) {
            return fail(parsed.error().code, std::string(key) + ": " + parsed.error().message);
        }
        settings.*member = value;
        return {};
    };
}

std::string duration_text(milliseconds duration) {
    struct Unit {
        milliseconds length;
        const char* name;
    };
    constexpr std::array<Unit, 3> units = {{{std::chrono::hours(1), "h"},
                                            {std::chrono::minutes(1), "m"},
                                            {std::chrono::seconds(1), "s"}}};
    if (duration == milliseconds::max()) {
        return "-1";
    }
    for (const Unit& unit : units) {
        if (duration >= unit.length && duration % unit.length == milliseconds(0)) {
            return std::to_string(duration / unit.length) + unit.name;
        }
    }
    return std::to_string(duration.count()) + "ms";
}

SettingRow text_row(std::string_view key, std::string_view meaning,
                    std::string Settings::* member) {
    return {.key = key,
            .meaning = meaning,
            .set = text(member),
            .text = [=](const Settings& settings) { return settings.*member; },
            .values = "text"};
}

/// Words as a shell reads them. Only the quotes are checked here: what the words mean is for the
/// program that gets them.
SettingRow words_row(std::string_view key, std::string_view meaning,
                     std::string Settings::* member) {
    SettingRow row = text_row(key, meaning, member);
    row.set = [=](Settings& settings, std::string_view value) -> Result<void> {
        if (const auto words = split_words(value); !words) {
            return fail(words.error().code, std::string(key) + ": " + words.error().message);
        }
        settings.*member = value;
        return {};
    };
    row.values = "words as in a shell";
    return row;
}

/// A text that is never shown: in listings stands whether it is set.
SettingRow secret_row(std::string_view key, std::string_view meaning,
                      std::string Settings::* member) {
    SettingRow row = text_row(key, meaning, member);
    row.secret = true;
    return row;
}

SettingRow duration_row(std::string_view key, std::string_view meaning,
                        milliseconds Settings::* member, Range range = {}) {
    const bool endless = range.max == milliseconds::max();
    return {.key = key,
            .meaning = meaning,
            .set = duration(member, key, range),
            .text = [=](const Settings& settings) { return duration_text(settings.*member); },
            .type = SettingRow::Type::duration,
            .values = format_duration(range.min) +
                      (endless ? " or more, -1" : " to " + format_duration(range.max))};
}

SettingRow integer_row(std::string_view key, std::string_view meaning,
                       std::uint64_t Settings::* member, std::uint64_t min, std::uint64_t max) {
    return {.key = key,
            .meaning = meaning,
            .set = integer(member, key, min, max),
            .text = [=](const Settings& settings) { return std::to_string(settings.*member); },
            .type = SettingRow::Type::integer,
            .values = std::to_string(min) + " to " + std::to_string(max)};
}

SettingRow flag_row(std::string_view key, std::string_view meaning, bool Settings::* member) {
    return {.key = key,
            .meaning = meaning,
            .set = flag(member, key),
            .text = [=](const Settings& settings) { return settings.*member ? "true" : "false"; },
            .type = SettingRow::Type::flag,
            .values = "true, false"};
}

SettingRow choice_row(std::string_view key, std::string_view meaning,
                      std::string Settings::* member, std::vector<std::string_view> choices) {
    SettingRow row = text_row(key, meaning, member);
    row.values = joined(choices);
    row.set = choice(member, key, std::move(choices));
    return row;
}

SettingRow filter_row(std::string_view key, std::string_view meaning,
                      std::string Settings::* member) {
    SettingRow row = text_row(key, meaning, member);
    row.values = "filter";
    row.set = filter(member, key);
    return row;
}

/// A setting that a running daemon takes over later than now.
SettingRow late(Applies applies, SettingRow row) {
    row.applies = applies;
    return row;
}

/// A setting whose variable has a published name.
SettingRow with_variable(SettingRow row, std::string_view variable, std::string_view other) {
    row.variable = variable;
    row.other_variable = other;
    return row;
}

std::vector<SettingRow> log_rows() {
    using S = Settings;
    return {
        with_variable(
            filter_row("log.filter", "what the log file holds: info, or daemon=debug,engine=warn",
                       &S::log_filter),
            "THREADRUNNER_LOG", "RUST_LOG"),
        filter_row("log.stderr", "what a daemon in the foreground also says on stderr",
                   &S::log_stderr),
        choice_row("log.format", "lines for people, or a JSON document each", &S::log_format,
                   {"plain", "json"}),
        integer_row("log.keep_days", "log files that are kept, one a day", &S::log_keep_days, 1,
                    3650),
        flag_row("log.prompts", "put prompts into the log's line about a job", &S::log_prompts),
    };
}

/// The addresses that a door listens at.
SettingRow addresses_row(std::string_view key, std::string_view meaning,
                         std::string Settings::* member) {
    SettingRow row = text_row(key, meaning, member);
    row.set = [=](Settings& settings, std::string_view value) -> Result<void> {
        if (const auto parsed = parse_listen_addresses(value); !parsed) {
            return fail(parsed.error().code, std::string(key) + ": " + parsed.error().message);
        }
        settings.*member = value;
        return {};
    };
    row.values = "ADDRESS:PORT, …, or off";
    return row;
}

std::vector<SettingRow> http_rows() {
    using S = Settings;
    return {
        late(Applies::restart,
             with_variable(addresses_row("http.listen",
                                         "where HTTP is served, with commas between; port 0: any",
                                         &S::http_listen),
                           "THREADRUNNER_HTTP", "THREADRUNNER_HTTP_LISTEN")),
        text_row("http.hosts", "names besides localhost that clients may call it by, with commas",
                 &S::http_hosts),
        text_row("http.origins", "web pages that may ask: https://HOST, with commas; *: any",
                 &S::http_origins),
        late(Applies::restart,
             secret_row("http.keys", "keys that clients may show: NAME:KEY, with commas",
                        &S::http_keys)),
        late(Applies::restart,
             text_row("http.key_file", "or a file with such keys, a line each, for its owner only",
                      &S::http_key_file)),
        duration_row("http.idle", "a connection without a request is closed after this",
                     &S::http_idle),
        duration_row("http.header", "from a request's first byte to the end of its header",
                     &S::http_header),
        duration_row("http.body", "how long the rest of a request may take", &S::http_body),
        duration_row("http.stall", "a client that reads nothing this long is gone", &S::http_stall),
        duration_row("http.keep_alive", "how often a stream that has nothing to say says so",
                     &S::http_keep_alive, {.min = milliseconds(1)}),
    };
}

std::vector<SettingRow> engine_rows() {
    using S = Settings;
    std::vector<SettingRow> rows = {
        integer_row("engine.context", "tokens of context a slot", &S::engine_context, 64, 1 << 24),
        integer_row("engine.slots", "prompts that one engine answers at once", &S::engine_slots, 1,
                    256),
        integer_row("engine.threads", "threads of an engine; 0: physical cores minus one",
                    &S::engine_threads, 0, 1024),
        integer_row("engine.gpu_layers", "layers on the GPU, where the build has one",
                    &S::engine_gpu_layers, 0, 9999),
        integer_row("engine.cache_mib", "memory for the states of earlier prompts, an engine",
                    &S::engine_cache_mib, 0, 1 << 24),
        words_row("engine.args", "more options for llama.cpp, as for its server: --flash-attn on",
                  &S::engine_args),
    };
    for (SettingRow& row : rows) {
        row.applies = Applies::next_load;
    }
    return rows;
}

std::vector<SettingRow> upstream_rows() {
    using S = Settings;
    std::vector<SettingRow> rows = {
        text_row("upstream.url",
                 "an OpenAI-compatible server that runs, http://HOST:PORT; empty: start one",
                 &S::upstream_url),
        secret_row("upstream.key", "the key that the server of upstream.url wants",
                   &S::upstream_key),
        text_row("upstream.key_file", "or a file that holds it, readable by its owner only",
                 &S::upstream_key_file),
        text_row("upstream.program", "the server to start: a path, or a name in the PATH",
                 &S::upstream_program),
        words_row("upstream.args", "more arguments for it", &S::upstream_args),
        integer_row("upstream.slots", "requests at once, for a server that does not say",
                    &S::upstream_slots, 1, limits::worker_slots_max),
        duration_row("upstream.start", "a server that is not ready by then has failed",
                     &S::upstream_start),
        duration_row("upstream.poll", "how often one that starts is asked whether it is ready",
                     &S::upstream_poll, {.min = milliseconds(1)}),
        duration_row("upstream.health", "how often one that is ready is asked whether it lives",
                     &S::upstream_health),
        duration_row("upstream.connect", "how long connecting to it may take",
                     &S::upstream_connect),
        duration_row("upstream.restart", "wait before one that crashed is started again",
                     &S::upstream_restart),
    };
    for (SettingRow& row : rows) {
        // the waits of a server that runs are looked up each time
        row.applies = row.type == SettingRow::Type::duration ? Applies::now : Applies::next_load;
    }
    return rows;
}

std::vector<SettingRow> pull_rows() {
    using S = Settings;
    return {
        with_variable(
            text_row("pull.endpoint", "the server that hf: sources come from, https://HOST",
                     &S::pull_endpoint),
            "THREADRUNNER_PULL_ENDPOINT", "HF_ENDPOINT"),
        with_variable(
            secret_row("pull.token", "the token that it wants for some models", &S::pull_token),
            "THREADRUNNER_PULL_TOKEN", "HF_TOKEN"),
        integer_row("pull.limit_kib", "KiB a second that a download takes at most; 0: no limit",
                    &S::pull_limit_kib, 0, 1ULL << 32),
        integer_row("pull.attempts", "tries in a row that bring nothing before it gives up",
                    &S::pull_attempts, 1, 1000),
        duration_row("pull.connect", "how long connecting to a server may take", &S::pull_connect,
                     {.min = milliseconds(1)}),
        duration_row("pull.stall", "without a byte this long a download is tried again",
                     &S::pull_stall, {.min = milliseconds(1)}),
        duration_row("pull.retry", "wait before the second try, then twice as long each time",
                     &S::pull_retry),
        duration_row("pull.wait", "the longest wait that a server may ask for, and of a retry",
                     &S::pull_wait),
    };
}

std::vector<SettingRow> make_table() {
    using S = Settings;
    std::vector<SettingRow> table = {
        text_row("model", "the default model: a name in models/ or a path", &S::model),
        late(Applies::restart, text_row("socket.v1_path",
                                        "also listen on this path for old clients; temp: "
                                        "threadrunner.sock in the temporary directory",
                                        &S::socket_v1_path)),
        duration_row("socket.stall", "a client that reads nothing this long is gone",
                     &S::socket_stall),
        duration_row("socket.frame", "from a frame's first byte to its last", &S::socket_frame),
        duration_row("worker.idle", "an idle worker is unloaded after this; -1: never",
                     &S::worker_idle, {.max = milliseconds::max()}),
        duration_row("worker.hello", "a worker that has not greeted by then is ended",
                     &S::worker_hello),
        duration_row("worker.ping", "how often a worker is asked whether it lives", &S::worker_ping,
                     {.min = milliseconds(1)}),
        duration_row("worker.suspect", "without an answer this long it gets no new work",
                     &S::worker_suspect),
        duration_row("worker.dead", "without an answer this long it is killed", &S::worker_dead),
        duration_row("worker.stall", "with jobs under way and no progress this long it is killed",
                     &S::worker_stall),
        duration_row("worker.failed", "after three crashes in a row, refuse requests this long",
                     &S::worker_failed),
        duration_row("worker.restart_min", "wait before the first restart after a crash",
                     &S::worker_restart_min),
        duration_row("worker.restart_max", "the longest wait before a restart",
                     &S::worker_restart_max),
        duration_row("worker.stop", "how long a worker may take to finish when it is stopped",
                     &S::worker_stop),
        duration_row("worker.kill", "one that was told to end at once is killed after this",
                     &S::worker_kill),
        duration_row("worker.evict", "a worker is not evicted for another's sake before this",
                     &S::worker_evict),
        duration_row("worker.yield",
                     "after jobs have waited this long for memory, busy workers make room",
                     &S::worker_yield),
        duration_row("daemon.drain", "how long jobs under way may go on when the daemon stops",
                     &S::daemon_drain),
        late(Applies::restart,
             integer_row("queue.jobs", "waiting jobs a target; beyond it requests are refused",
                         &S::queue_jobs, 1, 1'000'000)),
        late(Applies::restart,
             integer_row("memory.mib", "budget of all workers together; 0: 80 % of the memory",
                         &S::memory_mib, 0, 1ULL << 32)),
    };
    for (const auto& rows :
         {http_rows(), engine_rows(), log_rows(), upstream_rows(), pull_rows()}) {
        table.insert(table.end(), rows.begin(), rows.end());
    }
    return table;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::span<const SettingRow> settings_table() {
    static const std::vector<SettingRow> table = make_table();
    return table;
}

std::string SettingRow::shown(const Settings& settings) const {
    std::string value = text(settings);
    return secret && !value.empty() ? "(secret)" : value;
}

std::string SettingRow::environment_name() const {
    if (!variable.empty()) {
        return std::string(variable);
    }
    std::string name = "THREADRUNNER_";
    for (const char c : key) {
        name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

Result<const SettingRow*> setting_row(std::string_view key) {
    std::vector<std::string_view> keys;
    for (const SettingRow& row : settings_table()) {
        if (row.key == key) {
            return &row;
        }
        keys.push_back(row.key);
    }
    const auto near = nearest(key, keys);
    return fail(ErrorCode::invalid_request,
                "unknown setting '" + std::string(key) + "'" +
                    (near ? "; did you mean '" + std::string(*near) + "'?" : ""));
}

Result<void> set_setting(Settings& settings, std::string_view key, std::string_view text) {
    const auto row = setting_row(key);
    return row ? (*row)->set(settings, text) : std::unexpected(row.error());
}

Origin SettingsReading::origin_of(std::string_view key) const {
    const auto found = origins.find(key);
    return found == origins.end() ? Origin{} : found->second;
}

Result<void> apply_environment(SettingsReading& reading) {
    for (const SettingRow& row : settings_table()) {
        std::string name = row.environment_name();
        auto value = environment(name.c_str());
        if (!value && !row.other_variable.empty()) {
            name = row.other_variable;
            value = environment(name.c_str());
        }
        if (!value) {
            continue;
        }
        if (auto set = row.set(reading.values, *value); !set) {
            return fail(set.error().code, name + ": " + set.error().message);
        }
        reading.origins[row.key] = {.source = Origin::Source::environment, .place = name};
    }
    return {};
}

Result<void> apply_flags(SettingsReading& reading, std::span<const std::string> assignments) {
    for (const std::string& assignment : assignments) {
        const std::string flag = "--set " + assignment;
        const std::size_t equals = assignment.find('=');
        if (equals == std::string::npos) {
            return fail(ErrorCode::invalid_request, flag + ": write KEY=VALUE");
        }
        const auto row = setting_row(std::string_view(assignment).substr(0, equals));
        const auto set = row ? (*row)->set(reading.values, assignment.substr(equals + 1))
                             : Result<void>(std::unexpected(row.error()));
        if (!set) {
            return fail(set.error().code, flag + ": " + set.error().message);
        }
        reading.origins[(*row)->key] = {.source = Origin::Source::flag, .place = "--set"};
    }
    return {};
}

std::optional<std::string_view> nearest(std::string_view given,
                                        std::span<const std::string_view> names) {
    std::optional<std::string_view> best;
    std::size_t best_distance = given.size() / 3 + 2;
    for (const std::string_view name : names) {
        if (const std::size_t distance = edit_distance(given, name); distance < best_distance) {
            best = name;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace threadrunner
