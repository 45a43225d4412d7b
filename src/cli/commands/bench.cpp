#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "base/paths.h"
#include "cli/answer_view.h"
#include "cli/bench/bandwidth.h"
#include "cli/bench/bench_view.h"
#include "cli/bench/model_bench.h"
#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/doctor/memory_check.h"
#include "cli/request.h"
#include "cli/result.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

constexpr std::size_t standard_streams = 4;
constexpr std::uint64_t standard_tokens = 64;
constexpr auto standard_time = std::chrono::seconds(3);
constexpr int memory_loops = 3;
constexpr auto silence_max = std::chrono::minutes(5);  // a large model reads a prompt for long

/// What the load said, to be measured.
struct Loaded {
    std::string model;
    std::uint64_t weights_bytes = 0;
    std::uint64_t context = 0;
    std::size_t slots = 1;
    std::size_t threads = 1;
};

/// As it calls itself, else as it was asked for.
std::string name_of(const wire::Json& meta, const Options& options) {
    if (std::string name = text_in(meta, "name"); !name.empty()) {
        return name;
    }
    if (auto model = chosen_model(options, environment)) {
        return *std::move(model);
    }
    const auto backend = options.backend ? options.backend : environment("THREADRUNNER_BACKEND");
    return backend.value_or("the default model");
}

/// Loads the model, as `threadrunner load` does.
std::expected<Loaded, Failure> load(const Options& options, Context& context,
                                    std::optional<Clock::time_point> until) {
    AnswerView view(context.console.screen(), context.terminal, Clock::now());
    const auto ending = call(context, options, make_model_request("load", options, environment),
                             view, Reach::start, until);
    if (!ending) {
        return std::unexpected(ending.error());
    }
    if (const auto exit = exit_of(*ending); !exit || *exit != ExitCode::success) {
        return std::unexpected(exit ? Failure(*exit, "stopped") : exit.error());
    }
    const wire::Json& result = ending->done.result;
    const wire::Json& meta = object_in(result, "meta");
    // a worker that computes elsewhere says nothing of threads
    const std::uint64_t threads = count_in(result, "threads");
    return Loaded{
        .model = name_of(meta, options),
        .weights_bytes = count_in(meta, "size_bytes"),
        .context = count_in(meta, "context"),
        .slots = std::max<std::size_t>(count_in(result, "slots"), 1),
        .threads = threads > 0 ? threads : std::max(std::thread::hardware_concurrency(), 1U)};
}

std::expected<std::size_t, Failure> streams_of(const Options& options, const Loaded& loaded) {
    if (options.streams && *options.streams > loaded.slots) {
        return fail_usage("--streams " + std::to_string(*options.streams) +
                          " is more than the model's " + std::to_string(loaded.slots) +
                          " slots; the setting engine.slots gives it more, or: threadrunner models "
                          "set NAME slots=N");
    }
    return options.streams.value_or(std::min(loaded.slots, standard_streams));
}

/// Says what is being measured, on a terminal, from the start: it never takes less than a second.
class Notes {
public:
    explicit Notes(Context& context)
        : context_(context),
          progress_(context.console.screen(), context.terminal,
                    Clock::now() - limits::progress_after) {}
    ~Notes() {
        progress_.erase();
        pump();
    }
    Notes(const Notes&) = delete;
    Notes& operator=(const Notes&) = delete;

    void operator()(const std::string& what) {
        progress_.set("measuring " + what, std::nullopt, Clock::now());
        progress_.tick(Clock::now());
        pump();
    }

private:
    /// stdout has nothing yet; a stderr that cannot be written shows nothing.
    void pump() { [[maybe_unused]] const auto written = context_.console.pump(); }

    Context& context_;
    Progress progress_;
};

Result<void> measure_memory(BenchReport& report, Clock::duration each_for) {
    report.array_bytes = bandwidth_array_bytes(look_at_memory().available_bytes);
    const auto a_loop =
        std::chrono::duration_cast<std::chrono::milliseconds>(each_for) / memory_loops;
    const auto memory = measure_bandwidth(
        {.threads = report.threads, .array_bytes = report.array_bytes, .each_for = a_loop});
    if (!memory) {
        return std::unexpected(memory.error());
    }
    report.memory = *memory;
    return {};
}

Result<void> measure_model(BenchReport& report, const Options& options, ModelBenchPlan plan,
                           Notes& notes) {
    auto socket = reach_daemon(options, Reach::start, plan.waits.until);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    Connection connection(*std::move(socket));
    return ModelBench(connection, std::move(plan), [&](const std::string& what) { notes(what); })
        .run(report);
}

}  // namespace

Outcome run_bench(const Invocation& invocation, Context& context) {
    Options options = invocation.options;
    if (!invocation.words.empty()) {
        options.model = invocation.words[0];
    }
    const std::uint64_t tokens = options.request.value("max_tokens", standard_tokens);
    options.request.erase("max_tokens");
    const auto until = deadline_of(options);
    const auto loaded = load(options, context, until);
    if (!loaded) {
        return std::unexpected(loaded.error());
    }
    const auto streams = streams_of(options, *loaded);
    if (!streams) {
        return std::unexpected(streams.error());
    }
    const Clock::duration each_for = options.each_for.value_or(standard_time);
    BenchReport report{
        .model = loaded->model, .weights_bytes = loaded->weights_bytes, .threads = loaded->threads};
    {
        Notes notes(context);
        notes("memory");
        if (auto measured = measure_memory(report, each_for); !measured) {
            return std::unexpected(measured.error());
        }
        ModelBenchPlan plan{
            .request = make_model_request("generate", options, environment),
            .tokens = tokens,
            .context = loaded->context,
            .streams = *streams,
            .each_for = each_for,
            .waits = {.silence = silence_max, .until = until},
            .first_number = static_cast<std::size_t>(Clock::now().time_since_epoch().count())};
        if (auto measured = measure_model(report, options, std::move(plan), notes); !measured) {
            return std::unexpected(with_retry(std::move(measured.error())));
        }
    }
    if (options.json) {
        const std::string document = wire::encode_json(bench_document(report));
        context.console.screen().out((context.terminal.out ? safe_json(document) : document) +
                                     "\n");
    } else {
        context.console.screen().out(bench_text(report));
    }
    return ExitCode::success;
}

}  // namespace threadrunner::cli
