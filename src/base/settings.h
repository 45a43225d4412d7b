#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"

namespace threadrunner {

/// What a person may set, with its defaults. The table below declares each once: its key in
/// config.toml, its meaning, how it is read. Every waiting time of the product is here, so that a
/// test can make it small.
struct Settings {
    using milliseconds = std::chrono::milliseconds;

    std::string model;  ///< default model; empty: the only GGUF in the home's models/
    std::string log_filter = "info";
    std::string log_stderr = "warn";
    std::string log_format = "plain";
    std::uint64_t log_keep_days = limits::log_days_kept;
    bool log_prompts = false;
    std::string socket_v1_path;  ///< also listen here; "temp": the original's path

    milliseconds worker_idle = std::chrono::seconds(300);
    milliseconds worker_hello = limits::hello_within;
    milliseconds worker_ping = limits::ping_every;
    milliseconds worker_suspect = limits::suspect_after;
    milliseconds worker_dead = limits::dead_after;
    milliseconds worker_stall = std::chrono::seconds(60);
    milliseconds worker_failed = std::chrono::seconds(60);
    milliseconds worker_restart_min = limits::restart_delay_min;
    milliseconds worker_restart_max = limits::restart_delay_max;
    milliseconds worker_stop = std::chrono::seconds(5);
    milliseconds worker_kill = limits::kill_after_sigterm;
    milliseconds worker_evict = limits::evict_not_before;
    milliseconds worker_yield = limits::yield_after;
    milliseconds daemon_drain = std::chrono::seconds(10);
    milliseconds socket_stall = limits::outbox_stalled_after;
    milliseconds socket_frame = limits::frame_whole_within;

    std::string http_listen = "127.0.0.1:7717";  ///< addresses, with commas between; "off"
    std::string http_hosts;     ///< names besides this machine's own that clients may call it by
    std::string http_origins;   ///< web pages that may ask, besides those served here
    std::string http_keys;      ///< NAME:KEY, with commas between; a secret: never shown
    std::string http_key_file;  ///< holds such keys, a line each
    milliseconds http_idle = limits::http_idle_for;
    milliseconds http_header = limits::http_header_within;
    milliseconds http_body = limits::http_body_within;
    milliseconds http_stall = limits::http_stalled_after;
    milliseconds http_keep_alive = limits::http_comment_every;

    std::uint64_t queue_jobs = limits::queue_jobs_max;
    std::uint64_t memory_mib = 0;  ///< budget of all workers; 0: 80 % of the machine's memory

    std::uint64_t engine_context = 4096;  ///< tokens a slot
    std::uint64_t engine_slots = 4;
    std::uint64_t engine_threads = 0;  ///< 0: physical cores minus one, at least one
    std::uint64_t engine_gpu_layers = 999;
    std::uint64_t engine_cache_mib = 256;
    std::string engine_args;  ///< of llama.cpp's server, as on its command line

    std::string upstream_url;       ///< of a server that runs; empty: one is spawned
    std::string upstream_key;       ///< a secret: never shown
    std::string upstream_key_file;  ///< holds the key, where upstream_key is empty
    std::string upstream_program = "llama-server";
    std::string upstream_args;         ///< more of them, as in a shell
    std::uint64_t upstream_slots = 4;  ///< of a server that does not say how many it has
    milliseconds upstream_start = limits::upstream_ready_within;
    milliseconds upstream_poll = limits::upstream_poll_every;
    milliseconds upstream_health = limits::upstream_health_every;
    milliseconds upstream_connect = limits::upstream_connect_within;
    milliseconds upstream_restart = limits::upstream_restart_delay;

    std::string pull_endpoint;  ///< where hf: sources are, without a default
    std::string pull_token;     ///< a secret: never shown
    std::uint64_t pull_limit_kib = 0;
    std::uint64_t pull_attempts = 6;
    milliseconds pull_connect = std::chrono::seconds(15);
    milliseconds pull_stall = std::chrono::seconds(30);
    milliseconds pull_retry = std::chrono::seconds(1);
    milliseconds pull_wait = std::chrono::seconds(60);
};

/// When a daemon that runs takes over a setting that changed, once it has read it again.
enum class Applies : std::uint8_t {
    now,
    next_load,  ///< to workers that start from then on
    restart,    ///< of the daemon
};

/// One setting as data.
struct SettingRow {
    /// What config.toml holds: `text` and `duration` are written as strings.
    enum class Type : std::uint8_t { text, duration, integer, flag };

    std::string_view key;  ///< dotted, as in config.toml: worker.idle
    std::string_view meaning;
    std::function<Result<void>(Settings&, std::string_view text)> set;
    std::function<std::string(const Settings&)> text;  ///< its value, as set() would read it
    Type type = Type::text;
    std::string values = {};  ///< what it may be, for people: "0 to 24h"
    Applies applies = Applies::now;
    std::string_view variable = {};  ///< its environment variable, where a published name is kept
    std::string_view other_variable = {};  ///< read where its own is unset

    bool secret = false;  ///< its value is for nobody to see

    /// Its value for people and programs: text(), unless it is secret.
    [[nodiscard]] std::string shown(const Settings& settings) const;
    /// THREADRUNNER_WORKER_IDLE for worker.idle, unless `variable` says otherwise.
    [[nodiscard]] std::string environment_name() const;
};

/// Every setting, in the order in which the documentation shows them.
[[nodiscard]] std::span<const SettingRow> settings_table();

/// The row of a key. An unknown key is invalid_request and suggests the nearest one.
[[nodiscard]] Result<const SettingRow*> setting_row(std::string_view key);

/// Sets one key from text; its errors name the key.
[[nodiscard]] Result<void> set_setting(Settings& settings, std::string_view key,
                                       std::string_view text);

/// Where a setting's value came from.
struct Origin {
    enum class Source : std::uint8_t { standard, file, environment, flag };

    Source source = Source::standard;
    std::string place = {};  ///< "~/.threadrunner/config.toml:3", the variable, the flag

    auto operator<=>(const Origin&) const = default;
};

/// Settings as they were read, each with its origin.
struct SettingsReading {
    Settings values;
    std::map<std::string_view, Origin> origins;  ///< by key; standard values have none

    [[nodiscard]] Origin origin_of(std::string_view key) const;
};

/// Overrides from the environment; the first bad value is the error, naming its variable.
[[nodiscard]] Result<void> apply_environment(SettingsReading& reading);

/// Overrides from the command line, KEY=VALUE each; the errors name the flag.
[[nodiscard]] Result<void> apply_flags(SettingsReading& reading,
                                       std::span<const std::string> assignments);

/// The name nearest to `given` by edit distance, if it is near enough to be a slip.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view given,
                                                      std::span<const std::string_view> names);

}  // namespace threadrunner
