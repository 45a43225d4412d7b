#include "cli/bench/model_bench.h"

#include <algorithm>
#include <utility>

#include "cli/bench/prompts.h"

namespace threadrunner::cli {
namespace {

constexpr std::size_t runs_min = 3;
constexpr std::size_t runs_max = 100;
constexpr std::uint64_t prompt_words = 256;
/// A word is a token or two, and the answer wants room, too.
constexpr std::uint64_t context_of_a_word = 4;

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) {
        sum += value;
    }
    return sum / static_cast<double>(values.size());
}

/// Of the streams of one run.
std::optional<double> mean_rate(const std::vector<StreamTimes>& streams) {
    std::vector<double> rates;
    for (const StreamTimes& stream : streams) {
        const auto rate = decode_rate(stream);
        if (!rate) {
            return std::nullopt;
        }
        rates.push_back(*rate);
    }
    return mean(rates);
}

}  // namespace

ModelBench::ModelBench(Connection& connection, ModelBenchPlan plan,
                       std::function<void(const std::string& what)> note)
    : connection_(connection),
      plan_(std::move(plan)),
      note_(std::move(note)),
      next_number_(plan_.first_number) {}

Result<void> ModelBench::run(BenchReport& report) {
    if (auto measured = measure_first(report); !measured) {
        return measured;
    }
    if (auto measured = measure_prompt(report); !measured) {
        return measured;
    }
    if (auto measured = measure_decode(report, 1); !measured || plan_.streams == 1) {
        return measured;
    }
    return measure_decode(report, plan_.streams);
}

std::unexpected<Error> ModelBench::too_short() const {
    return fail(ErrorCode::inference_failed, "what the model says is too short to measure " +
                                                 what_ +
                                                 ": try a larger --max-tokens, or another model");
}

Result<void> ModelBench::measure_first(BenchReport& report) {
    what_ = "the first token";
    const auto story = [] { return std::vector{story_prompt(0)}; };
    // what is measured is a prompt that is warm
    if (auto warmed = ask(story(), 1); !warmed) {
        return std::unexpected(warmed.error());
    }
    const auto spreads =
        repeat(story, 1, {[](const Times& times) { return first_token_ms(times[0]); }});
    if (!spreads) {
        return std::unexpected(spreads.error());
    }
    if (!spreads->front()) {
        return too_short();
    }
    report.first_token_ms = *spreads->front();
    return {};
}

Result<void> ModelBench::measure_prompt(BenchReport& report) {
    what_ = "reading a prompt";
    const std::uint64_t words = plan_.context == 0
                                    ? prompt_words
                                    : std::min(prompt_words, plan_.context / context_of_a_word);
    const auto prompts = [&] { return std::vector{long_prompt(next_number_++, words)}; };
    const auto spreads =
        repeat(prompts, 1, {[](const Times& times) { return prompt_rate(times[0]); }});
    if (!spreads) {
        return std::unexpected(spreads.error());
    }
    report.prompt = spreads->front();
    return {};
}

Result<void> ModelBench::measure_decode(BenchReport& report, std::size_t streams) {
    what_ = streams == 1 ? "an answer" : std::to_string(streams) + " answers at once";
    const auto stories = [&] {
        std::vector<std::string> out;
        for (std::size_t i = 0; i < streams; ++i) {
            out.push_back(story_prompt(i));
        }
        return out;
    };
    const auto spreads = repeat(stories, plan_.tokens, {mean_rate, together_rate});
    if (!spreads) {
        return std::unexpected(spreads.error());
    }
    if (!(*spreads)[0] || !(*spreads)[1]) {
        return too_short();
    }
    report.decodes.push_back(
        {.streams = streams, .each = *(*spreads)[0], .together = *(*spreads)[1]});
    return {};
}

wire::Json ModelBench::request(std::string prompt, std::uint64_t tokens) const {
    wire::Json out = plan_.request;
    out["prompt"] = std::move(prompt);
    out["raw"] = true;
    out["max_tokens"] = tokens;
    out["temperature"] = 0;
    return out;
}

Result<std::vector<StreamTimes>> ModelBench::ask(const std::vector<std::string>& prompts,
                                                 std::uint64_t tokens) {
    std::vector<wire::Json> requests;
    for (const std::string& prompt : prompts) {
        requests.push_back(request(prompt, tokens));
    }
    const std::int64_t first_id = next_id_;
    next_id_ += static_cast<std::int64_t>(requests.size());
    return run_streams(connection_, std::move(requests), first_id, plan_.waits,
                       [this] { note_(what_); });
}

Result<std::vector<std::optional<Spread>>> ModelBench::repeat(
    const std::function<std::vector<std::string>()>& prompts, std::uint64_t tokens,
    const std::vector<Value>& values) {
    std::vector<std::vector<double>> measured(values.size());
    const auto until = Clock::now() + plan_.each_for;
    for (std::size_t run = 0; run < runs_max && (run < runs_min || Clock::now() < until); ++run) {
        const auto times = ask(prompts(), tokens);
        if (!times) {
            return std::unexpected(times.error());
        }
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (const auto value = values[i](*times)) {
                measured[i].push_back(*value);
            }
        }
    }
    std::vector<std::optional<Spread>> out;
    for (std::vector<double>& runs : measured) {
        out.push_back(runs.empty() ? std::nullopt : std::optional(spread_of(std::move(runs))));
    }
    return out;
}

}  // namespace threadrunner::cli
