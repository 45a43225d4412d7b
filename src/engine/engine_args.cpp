#include "engine/engine_args.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <exception>
#include <string_view>
#include <vector>

#include "arg.h"
#include "common.h"

namespace threadrunner::engine {
namespace {

/// Sampling options are allowed too, but for those that read a file.
constexpr std::array allowed = {
    // where and how it computes
    "--batch-size", "--ubatch-size", "--threads-batch", "--cpu-mask", "--cpu-range", "--cpu-strict",
    "--poll", "--cpu-mask-batch", "--cpu-range-batch", "--cpu-strict-batch", "--poll-batch",
    "--flash-attn", "--device", "--split-mode", "--tensor-split", "--main-gpu", "--override-tensor",
    "--cpu-moe", "--n-cpu-moe", "--n-cpu-ffn", "--op-offload", "--kv-offload", "--repack",
    "--no-host", "--load-mode", "--lazy-mode", "--check-tensors", "--warmup",
    // what it keeps
    "--cache-type-k", "--cache-type-v", "--swa-full", "--ctx-checkpoints", "--checkpoint-min-step",
    "--cache-prompt", "--cache-idle-slots", "--cache-reuse", "--context-shift", "--keep",
    // how the model is read
    "--override-kv", "--pooling", "--attention", "--rope-scaling", "--rope-scale",
    "--rope-freq-base", "--rope-freq-scale", "--yarn-orig-ctx", "--yarn-ext-factor",
    "--yarn-attn-factor", "--yarn-beta-slow", "--yarn-beta-fast",
    // templates and text
    "--predict", "--special", "--spm-infill", "--chat-template-kwargs", "--skip-chat-parsing",
    "--prefill-assistant", "--reasoning", "--reasoning-format", "--reasoning-effort",
    "--reasoning-budget", "--reasoning-budget-message", "--reasoning-preserve",
    // speculation without a second model
    "--spec-type", "--spec-draft-n-max", "--spec-draft-n-min", "--spec-draft-p-min",
    "--spec-draft-p-split", "--spec-ngram-mod-n-min", "--spec-ngram-mod-n-max",
    "--spec-ngram-mod-n-match", "--spec-ngram-simple-size-n", "--spec-ngram-simple-size-m",
    "--spec-ngram-simple-min-hits", "--spec-ngram-map-k-size-n", "--spec-ngram-map-k-size-m",
    "--spec-ngram-map-k-min-hits", "--spec-ngram-map-k4v-size-n", "--spec-ngram-map-k4v-size-m",
    "--spec-ngram-map-k4v-min-hits"};

struct OwnSetting {
    std::string_view option;
    std::string_view setting;
};
constexpr std::array own_settings = {
    OwnSetting{"--ctx-size", "context"},        OwnSetting{"--parallel", "slots"},
    OwnSetting{"--threads", "threads"},         OwnSetting{"--gpu-layers", "gpu_layers"},
    OwnSetting{"--cache-ram", "cache_ram_mib"}, OwnSetting{"--chat-template", "chat_template"},
    OwnSetting{"--embedding", "embed"},         OwnSetting{"--model", "path"},
    OwnSetting{"--kv-unified", "slots"},
};

bool is_among(const std::vector<const char*>& names, std::string_view name) {
    return std::ranges::any_of(names, [name](const char* own) { return name == own; });
}

bool has_name(const common_arg& option, std::string_view name) {
    return is_among(option.args, name) || is_among(option.args_neg, name);
}

bool reads_file(const common_arg& option) {
    return option.value_hint != nullptr && (std::strcmp(option.value_hint, "FNAME") == 0 ||
                                            std::strcmp(option.value_hint, "FILE") == 0);
}

bool is_allowed(const common_arg& option) {
    return (option.is_sampling && !reads_file(option)) ||
           std::ranges::any_of(allowed, [&](const char* name) { return has_name(option, name); });
}

std::unexpected<Error> refuse(const std::string& arg, const std::string& why) {
    return fail(ErrorCode::invalid_request, "engine_args: '" + arg + "' " + why);
}

std::unexpected<Error> refuse_option(const common_arg& option, const std::string& arg) {
    for (const OwnSetting& own : own_settings) {
        if (has_name(option, own.option)) {
            return refuse(arg, "is not allowed; use the setting " + std::string(own.setting));
        }
    }
    return refuse(arg,
                  "is not allowed: only options that shape computing, sampling or templates are");
}

/// llama.cpp accepts both spellings of long options.
std::string spelled(const std::string& arg) {
    std::string name = arg;
    if (name.starts_with("--")) {
        std::ranges::replace(name, '_', '-');
    }
    return name;
}

std::size_t value_count(const common_arg& option) {
    if (option.handler_str_str != nullptr) {
        return 2;
    }
    return option.handler_string != nullptr || option.handler_int != nullptr ? 1 : 0;
}

/// Calls the one handler that the option has. It throws what it does not take.
void apply(const common_arg& option, std::string_view name, std::span<const std::string> values,
           common_params& params) {
    if (option.handler_void != nullptr) {
        option.handler_void(params);
    } else if (option.handler_bool != nullptr) {
        option.handler_bool(params, is_among(option.args, name));
    } else if (option.handler_int != nullptr) {
        option.handler_int(params, std::stoi(values[0]));
    } else if (option.handler_string != nullptr) {
        option.handler_string(params, values[0]);
    } else if (option.handler_str_str != nullptr) {
        option.handler_str_str(params, values[0], values[1]);
    }
}

/// Applies the first option of `args` and gives how many of them it took.
Result<std::size_t> apply_first(std::span<const std::string> args,
                                const std::vector<common_arg>& options, common_params& params) {
    const std::string name = spelled(args[0]);
    const auto option =
        std::ranges::find_if(options, [&](const common_arg& one) { return has_name(one, name); });
    if (option == options.end()) {
        return refuse(args[0], "is no option of llama.cpp's server");
    }
    if (!is_allowed(*option)) {
        return refuse_option(*option, args[0]);
    }
    const std::size_t values = value_count(*option);
    if (args.size() <= values) {
        return refuse(args[0], "lacks its value");
    }
    try {
        apply(*option, name, args.subspan(1, values), params);
    } catch (const std::exception& error) {
        const std::string given = values > 0 ? "'" + args[1] + "': " : "";
        return refuse(args[0], "does not take " + given + error.what());
    }
    return 1 + values;
}

/// What llama.cpp's own parser does once it has read everything.
void complete(common_params& params) {
    if (params.cpuparams_batch.n_threads < 0) {
        params.cpuparams_batch.n_threads = params.cpuparams.n_threads;
    }
    for (std::string& breaker : params.sampling.dry_sequence_breakers) {
        string_process_escapes(breaker);
    }
    if (!params.kv_overrides.empty()) {
        params.kv_overrides.emplace_back().key[0] = '\0';
    }
    if (!params.tensor_buft_overrides.empty()) {
        params.tensor_buft_overrides.push_back({nullptr, nullptr});
    }
    params.default_template_kwargs.try_emplace("preserve_reasoning", "true");
}

}  // namespace

Result<void> apply_engine_args(std::span<const std::string> args, common_params& params) {
    common_params defaults;  // the table quotes them in its help
    const auto table = common_params_parser_init(defaults, LLAMA_EXAMPLE_SERVER);
    while (!args.empty()) {
        const auto taken = apply_first(args, table.options, params);
        if (!taken) {
            return std::unexpected(taken.error());
        }
        args = args.subspan(*taken);
    }
    complete(params);
    return {};
}

}  // namespace threadrunner::engine
