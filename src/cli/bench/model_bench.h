#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/bench/bench_view.h"
#include "cli/bench/streams.h"

namespace threadrunner::cli {

/// How a loaded model is measured.
struct ModelBenchPlan {
    wire::Json request;         ///< of `generate`, without a prompt: model and backend
    std::uint64_t tokens = 64;  ///< of an answer
    std::uint64_t context = 0;  ///< of a slot, in tokens; 0: nobody says
    std::size_t streams = 1;    ///< at once
    Clock::duration each_for;   ///< a measurement is repeated for so long
    StreamWaits waits;
    std::size_t first_number = 0;  ///< of prompts that must be new to the daemon
};

/// Measures a loaded model through the daemon: what a client has of it. It borrows the connection.
class ModelBench {
public:
    /// `note` is told what is being measured, at least ten times a second.
    ModelBench(Connection& connection, ModelBenchPlan plan,
               std::function<void(const std::string& what)> note);

    /// Fills in what concerns the model; reading prompts is left out where the worker does not say
    /// what it read. Errors: those of run_streams(), and `inference_failed` where the model says
    /// too little to be measured.
    [[nodiscard]] Result<void> run(BenchReport& report);

private:
    using Times = std::vector<StreamTimes>;
    using Value = std::function<std::optional<double>(const Times&)>;

    [[nodiscard]] Result<void> measure_first(BenchReport& report);
    [[nodiscard]] Result<void> measure_prompt(BenchReport& report);
    [[nodiscard]] Result<void> measure_decode(BenchReport& report, std::size_t streams);
    [[nodiscard]] wire::Json request(std::string prompt, std::uint64_t tokens) const;
    [[nodiscard]] Result<Times> ask(const std::vector<std::string>& prompts, std::uint64_t tokens);
    [[nodiscard]] std::unexpected<Error> too_short() const;
    /// Asks again and again: a spread for each of the values, none for one that no run has.
    [[nodiscard]] Result<std::vector<std::optional<Spread>>> repeat(
        const std::function<std::vector<std::string>()>& prompts, std::uint64_t tokens,
        const std::vector<Value>& values);

    Connection& connection_;
    ModelBenchPlan plan_;
    std::function<void(const std::string& what)> note_;
    std::string what_;  ///< is being measured
    std::int64_t next_id_ = 1;
    std::size_t next_number_;
};

}  // namespace threadrunner::cli
