#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/bandwidth.h"
#include "cli/bench/figures.h"

namespace threadrunner::cli {

/// What `threadrunner bench` has measured.
struct BenchReport {
    /// Answers of so many streams at once.
    struct Decode {
        std::size_t streams = 1;
        Spread each;
        Spread together;
    };

    std::string model;
    std::uint64_t weights_bytes = 0;  ///< 0: nobody says
    std::size_t threads = 1;          ///< that memory was measured with
    std::size_t array_bytes = 0;      ///< as above, of each array
    Bandwidth memory;
    Spread first_token_ms;
    std::optional<Spread> prompt;  ///< tokens a second; none where all of it was warm
    std::vector<Decode> decodes;   ///< the first is of one stream

    /// Tokens a second of one stream that reads every weight once a token from memory, and nothing
    /// else.
    [[nodiscard]] std::optional<double> ceiling() const;
};

/// Tables for people.
[[nodiscard]] std::string bench_text(const BenchReport& report);

/// One document for programs; speeds are per second, times in ms.
[[nodiscard]] wire::Json bench_document(const BenchReport& report);

}  // namespace threadrunner::cli
