#include "model/defaults.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "base/number.h"
#include "base/settings.h"
#include "base/words.h"
#include "wire/decode.h"

namespace threadrunner::model {
namespace {

using Values = DefaultRow::Values;
using Type = DefaultRow::Type;
using Set = std::function<Result<void>(Defaults&, const Values&)>;
using Get = std::function<Values(const Defaults&)>;

constexpr double number_max = 1e9;

std::unexpected<Error> refuse(std::string_view key, std::string_view wanted,
                              const std::string& value) {
    return fail(ErrorCode::invalid_request,
                std::string(key) + " must be " + std::string(wanted) + ", not '" + value + "'");
}

/// Wraps a setter of one value.
template <class SetOne>
Set one(std::string_view key, SetOne set_one) {
    return [=](Defaults& defaults, const Values& values) -> Result<void> {
        if (values.size() != 1) {
            return fail(ErrorCode::invalid_request, std::string(key) + " takes one value");
        }
        return set_one(defaults, values[0]);
    };
}

template <class Part, class Number>
DefaultRow number_row(std::string_view key, std::string_view meaning, Part Defaults::* part,
                      std::optional<Number> Part::* member, Number min, Number max) {
    const auto text = [](Number number) { return wire::encode_json(number); };
    const std::string range = text(min) + " to " + text(max);
    const auto set = [=](Defaults& defaults, const std::string& value) -> Result<void> {
        const auto number = number_from<Number>(value);
        if (!number || !(*number >= min && *number <= max)) {
            return refuse(key, "a number from " + range, value);
        }
        defaults.*part.*member = number;
        return {};
    };
    const Get get = [=](const Defaults& defaults) {
        const auto& number = defaults.*part.*member;
        return number ? Values{text(*number)} : Values{};
    };
    return {.key = key,
            .meaning = meaning,
            .values = range,
            .type = Type::number,
            .at_load = std::is_same_v<Part, LoadDefaults>,
            .set = one(key, set),
            .get = get};
}

DefaultRow count_row(std::string_view key, std::string_view meaning,
                     std::optional<std::uint64_t> LoadDefaults::* member, std::uint64_t min,
                     std::uint64_t max) {
    return number_row(key, meaning, &Defaults::load, member, min, max);
}

template <class Number>
DefaultRow sampling_row(std::string_view key, std::string_view meaning,
                        std::optional<Number> work::Sampling::* member,
                        std::type_identity_t<Number> min, std::type_identity_t<Number> max) {
    return number_row(key, meaning, &Defaults::sampling, member, min, max);
}

/// The daemon works in another directory than whoever writes the path.
Result<void> check_path(std::string_view key, const std::string& path) {
    return path.starts_with('/') ? Result<void>() : refuse(key, "an absolute path", path);
}

DefaultRow path_row(std::string_view key, std::string_view meaning,
                    std::string LoadDefaults::* member) {
    const auto set = [=](Defaults& defaults, const std::string& value) -> Result<void> {
        defaults.load.*member = value;
        return check_path(key, value);
    };
    const Get get = [=](const Defaults& defaults) {
        const std::string& path = defaults.load.*member;
        return path.empty() ? Values{} : Values{path};
    };
    return {.key = key,
            .meaning = meaning,
            .values = "an absolute path",
            .set = one(key, set),
            .get = get};
}

DefaultRow engine_args_row() {
    constexpr std::string_view key = "engine_args";
    const auto set = [=](Defaults& defaults, const std::string& value) -> Result<void> {
        if (const auto words = split_words(value); !words) {
            return fail(words.error().code, std::string(key) + ": " + words.error().message);
        }
        defaults.load.engine_args = value;
        return {};
    };
    const Get get = [](const Defaults& defaults) {
        const std::string& args = defaults.load.engine_args;
        return args.empty() ? Values{} : Values{args};
    };
    return {.key = key,
            .meaning = "more options for llama.cpp, after those of engine.args",
            .values = "words as in a shell",
            .set = one(key, set),
            .get = get};
}

Result<Adapter> adapter_from(const std::string& text) {
    const std::size_t equals = text.rfind('=');
    const auto scale = equals == std::string::npos
                           ? std::nullopt
                           : number_from<double>(std::string_view(text).substr(equals + 1));
    Adapter adapter{.path = scale ? text.substr(0, equals) : text, .scale = scale.value_or(1)};
    if (!(adapter.scale >= -number_max && adapter.scale <= number_max)) {
        return refuse("adapters", "PATH or PATH=SCALE", text);
    }
    if (auto checked = check_path("adapters", adapter.path); !checked) {
        return std::unexpected(checked.error());
    }
    return adapter;
}

DefaultRow adapters_row() {
    const Set set = [](Defaults& defaults, const Values& values) -> Result<void> {
        defaults.load.adapters.clear();
        for (const std::string& value : values) {
            auto adapter = adapter_from(value);
            if (!adapter) {
                return std::unexpected(adapter.error());
            }
            defaults.load.adapters.push_back(*std::move(adapter));
        }
        return {};
    };
    const Get get = [](const Defaults& defaults) {
        Values out;
        for (const Adapter& adapter : defaults.load.adapters) {
            out.push_back(adapter.path + "=" + wire::encode_json(adapter.scale));
        }
        return out;
    };
    return {.key = "adapters",
            .meaning = "LoRA adapters, each with its scale",
            .values = "list of PATH or PATH=SCALE",
            .type = Type::list,
            .set = set,
            .get = get};
}

DefaultRow stop_row() {
    const Set set = [](Defaults& defaults, const Values& values) -> Result<void> {
        if (std::ranges::count(values, "") > 0) {
            return fail(ErrorCode::invalid_request, "stop has an empty text in it");
        }
        defaults.sampling.stop = values;
        return {};
    };
    return {.key = "stop",
            .meaning = "texts at which an answer ends",
            .values = "list of texts",
            .type = Type::list,
            .at_load = false,
            .set = set,
            .get = [](const Defaults& defaults) { return defaults.sampling.stop; }};
}

std::vector<DefaultRow> make_table() {
    using Load = LoadDefaults;
    using Sampling = work::Sampling;
    constexpr std::int64_t tokens_max = 1 << 30;
    return {
        count_row("context", "tokens of context a slot", &Load::context, 64, 1 << 24),
        count_row("slots", "prompts answered at once", &Load::slots, 1, 256),
        count_row("threads", "threads; 0: physical cores minus one", &Load::threads, 0, 512),
        count_row("gpu_layers", "layers on the GPU, where the build has one", &Load::gpu_layers, 0,
                  9999),
        count_row("cache_mib", "memory for the states of earlier prompts", &Load::cache_mib, 0,
                  1 << 24),
        path_row("template", "a Jinja file, in place of the model's chat template",
                 &Load::chat_template),
        adapters_row(),
        path_row("draft", "a small model of the same vocabulary, which guesses ahead",
                 &Load::draft),
        engine_args_row(),
        sampling_row("temperature", "0: always the likeliest token", &Sampling::temperature, 0,
                     100),
        sampling_row("top_p", "only the likeliest tokens, up to this probability", &Sampling::top_p,
                     0, 1),
        sampling_row("top_k", "only so many of the likeliest tokens", &Sampling::top_k, 0,
                     tokens_max),
        sampling_row("min_p", "only tokens at least this likely, to the likeliest",
                     &Sampling::min_p, 0, 1),
        sampling_row("repeat_penalty", "above 1: repeats itself less", &Sampling::repeat_penalty, 0,
                     100),
        sampling_row("seed", "the same seed gives the same answer again", &Sampling::seed, -1,
                     4294967295),
        sampling_row("max_tokens", "the longest answer", &Sampling::max_tokens, 1, tokens_max),
        stop_row(),
    };
}

}  // namespace

bool Defaults::samples() const {
    return std::ranges::any_of(default_table(), [this](const DefaultRow& row) {
        return !row.at_load && !row.get(*this).empty();
    });
}

std::span<const DefaultRow> default_table() {
    static const std::vector<DefaultRow> table = make_table();
    return table;
}

Result<const DefaultRow*> default_row(std::string_view key) {
    const auto rows = default_table();
    const auto found = std::ranges::find(rows, key, &DefaultRow::key);
    if (found != rows.end()) {
        return &*found;
    }
    std::vector<std::string_view> keys;
    std::ranges::transform(rows, std::back_inserter(keys), &DefaultRow::key);
    const auto near = nearest(key, keys);
    std::string known;
    for (const std::string_view name : keys) {
        known += (known.empty() ? "" : ", ") + std::string(name);
    }
    return fail(ErrorCode::invalid_request,
                "models have no default '" + std::string(key) + "'; " +
                    (near ? "did you mean '" + std::string(*near) + "'?" : "there are: " + known));
}

std::string load_text(const Defaults& defaults) {
    std::string out;
    for (const DefaultRow& row : default_table()) {
        if (!row.at_load) {
            continue;
        }
        for (const std::string& value : row.get(defaults)) {
            out += (out.empty() ? "" : " ") + quote_word(std::string(row.key) + "=" + value);
        }
    }
    return out;
}

Result<LoadDefaults> load_from(std::string_view text) {
    const auto words = split_words(text);
    if (!words) {
        return std::unexpected(words.error());
    }
    std::vector<std::pair<std::string, Values>> given;  // in their order; a list comes in a row
    for (const std::string& word : *words) {
        const std::size_t equals = std::min(word.find('='), word.size());
        std::string key = word.substr(0, equals);
        std::string value = word.substr(std::min(equals + 1, word.size()));
        if (given.empty() || given.back().first != key) {
            given.emplace_back(std::move(key), Values());
        }
        given.back().second.push_back(std::move(value));
    }
    Defaults out;
    for (const auto& [key, values] : given) {
        const auto row = default_row(key);
        const auto set =
            row ? (*row)->set(out, values) : Result<void>(std::unexpected(row.error()));
        if (!set) {
            return std::unexpected(set.error());
        }
    }
    return std::move(out.load);
}

void fill(work::Sampling& asked, const work::Sampling& defaults) {
    const auto fill_in = [](auto& value, const auto& standard) {
        if (!value) {
            value = standard;
        }
    };
    fill_in(asked.temperature, defaults.temperature);
    fill_in(asked.top_p, defaults.top_p);
    fill_in(asked.top_k, defaults.top_k);
    fill_in(asked.min_p, defaults.min_p);
    fill_in(asked.repeat_penalty, defaults.repeat_penalty);
    fill_in(asked.seed, defaults.seed);
    fill_in(asked.max_tokens, defaults.max_tokens);
    if (asked.stop.empty()) {
        asked.stop = defaults.stop;
    }
}

}  // namespace threadrunner::model
