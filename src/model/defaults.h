#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "job/work.h"

namespace threadrunner::model {

/// A low-rank adapter laid over a model's weights.
struct Adapter {
    std::string path;
    double scale = 1;

    bool operator==(const Adapter&) const = default;
};

/// How a model is loaded, where it is not as the settings say.
struct LoadDefaults {
    std::optional<std::uint64_t> context;  ///< tokens a slot
    std::optional<std::uint64_t> slots;
    std::optional<std::uint64_t> threads;
    std::optional<std::uint64_t> gpu_layers;
    std::optional<std::uint64_t> cache_mib;
    std::string chat_template;  ///< a file with Jinja, in place of the model's own
    std::vector<Adapter> adapters;
    std::string draft;        ///< a small model's file, which guesses ahead
    std::string engine_args;  ///< of llama.cpp's server, after those of the settings
};

/// What a model is used with when nobody says otherwise: at its loading, and in requests.
struct Defaults {
    LoadDefaults load;
    work::Sampling sampling;

    /// Whether there is anything for requests.
    [[nodiscard]] bool samples() const;
};

/// One default as data: how it is written in models.toml and in `threadrunner models set`.
struct DefaultRow {
    enum class Type : std::uint8_t { text, number, list };

    using Values = std::vector<std::string>;

    std::string_view key;
    std::string_view meaning;
    std::string values;  ///< what it may be, for people
    Type type = Type::text;
    bool at_load = true;  ///< else it is for requests that say nothing
    /// Its errors name the key. A list takes any number of values, all others one.
    std::function<Result<void>(Defaults&, const Values&)> set;
    /// Its values as set() would read them; none: it is not set.
    std::function<Values(const Defaults&)> get;
};

/// Every default, in the order in which people see them.
[[nodiscard]] std::span<const DefaultRow> default_table();

/// The row of a key. An unknown key is invalid_request and suggests the nearest one.
[[nodiscard]] Result<const DefaultRow*> default_row(std::string_view key);

/// What is set for the loading, as words: "context=8192 slots=2"; and back. Equal texts mean equal
/// loads, so it can tell two workers of one file apart.
[[nodiscard]] std::string load_text(const Defaults& defaults);
[[nodiscard]] Result<LoadDefaults> load_from(std::string_view text);

/// Puts in what the request leaves open.
void fill(work::Sampling& asked, const work::Sampling& defaults);

}  // namespace threadrunner::model
