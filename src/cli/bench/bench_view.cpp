#include "cli/bench/bench_view.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/safe_text.h"
#include "cli/table.h"

namespace threadrunner::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr double giga = 1e9;

/// Three digits that matter.
std::string number_text(double value) {
    const int digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    std::array<char, 64> out{};
    const int size = std::snprintf(out.data(), out.size(), "%.*f", digits, value);
    return {out.data(), static_cast<std::size_t>(size)};
}

std::vector<std::string> row_of(std::string what, std::string_view unit, const Spread& spread) {
    return {std::move(what),           std::string(unit),        number_text(spread.median),
            number_text(spread.least), number_text(spread.most), std::to_string(spread.runs)};
}

std::string memory_table(const BenchReport& report) {
    const std::string threads =
        std::to_string(report.threads) + (report.threads == 1 ? " THREAD" : " THREADS");
    Rows rows = {{"MEMORY", "GB/S",
                  "COUNTED, BY " + threads + " IN ARRAYS OF " + format_bytes(report.array_bytes)}};
    rows.push_back({"read", number_text(report.memory.read / giga), "s += a, b, c: bytes read"});
    rows.push_back(
        {"copy", number_text(report.memory.copy / giga), "c = a: bytes read and written"});
    rows.push_back(
        {"triad", number_text(report.memory.triad / giga), "a = b + 3 c: bytes read and written"});
    return format_table(rows);
}

std::string ceiling_text(const BenchReport& report) {
    const auto ceiling = report.ceiling();
    if (!ceiling) {
        return {};
    }
    const double reached = report.decodes.front().each.median / *ceiling * 100;
    return "\nReading " + format_bytes(report.weights_bytes) +
           " of weights once a token, this memory allows one stream " + number_text(*ceiling) +
           " tokens/s at most;\nit reached " + std::to_string(std::lround(reached)) +
           " % of that.\n";
}

wire::Json document_of(const Spread& spread) {
    return {{"median", spread.median},
            {"min", spread.least},
            {"max", spread.most},
            {"runs", spread.runs}};
}

}  // namespace

std::optional<double> BenchReport::ceiling() const {
    return weights_bytes > 0 ? std::optional(memory.read / static_cast<double>(weights_bytes))
                             : std::nullopt;
}

std::string bench_text(const BenchReport& report) {
    Rows rows = {{"MODEL", "", "MEDIAN", "LEAST", "MOST", "RUNS"}};
    rows.push_back(row_of("first token, warm", "ms", report.first_token_ms));
    if (report.prompt) {
        rows.push_back(row_of("prompt", "tokens/s", *report.prompt));
    }
    for (const BenchReport::Decode& decode : report.decodes) {
        if (decode.streams == 1) {
            rows.push_back(row_of("answer, 1 stream", "tokens/s", decode.each));
            continue;
        }
        const std::string what = "answer, " + std::to_string(decode.streams) + " streams, ";
        rows.push_back(row_of(what + "each", "tokens/s", decode.each));
        rows.push_back(row_of(what + "together", "tokens/s", decode.together));
    }
    return safe_text(report.model) + "\n\n" + memory_table(report) + "\n" + format_table(rows) +
           ceiling_text(report);
}

wire::Json bench_document(const BenchReport& report) {
    wire::Json decodes = wire::Json::array();
    for (const BenchReport::Decode& decode : report.decodes) {
        decodes.push_back({{"streams", decode.streams},
                           {"each_tokens_per_second", document_of(decode.each)},
                           {"together_tokens_per_second", document_of(decode.together)}});
    }
    wire::Json out = {{"model", report.model},
                      {"threads", report.threads},
                      {"memory",
                       {{"array_bytes", report.array_bytes},
                        {"read_bytes_per_second", report.memory.read},
                        {"copy_bytes_per_second", report.memory.copy},
                        {"triad_bytes_per_second", report.memory.triad}}},
                      {"first_token_ms", document_of(report.first_token_ms)},
                      {"decode", std::move(decodes)}};
    if (report.prompt) {
        out["prompt_tokens_per_second"] = document_of(*report.prompt);
    }
    if (const auto ceiling = report.ceiling()) {
        out["weights_bytes"] = report.weights_bytes;
        out["ceiling_tokens_per_second"] = *ceiling;
    }
    return out;
}

}  // namespace threadrunner::cli
