#include "cli/bench/bandwidth.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <new>
#include <span>
#include <system_error>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t array_bytes_max = 128 * limits::mib;
constexpr std::size_t array_bytes_min = 8 * limits::mib;
constexpr int passes_min = 3;
constexpr double scale = 3;
constexpr std::array first_values = {1.0, 2.0, 3.0};  // of a, b and c

/// An array straight from the kernel, which says so when there is no memory for it.
class Array {
public:
    explicit Array(std::size_t count) : bytes_(count * sizeof(double)) {
        void* const memory =
            ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {  // NOLINT(performance-no-int-to-ptr)
            throw std::bad_alloc();
        }
        numbers_ = {static_cast<double*>(memory), count};
    }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;
    ~Array() { ::munmap(numbers_.data(), bytes_); }

    [[nodiscard]] std::span<double> numbers() const { return numbers_; }

private:
    std::size_t bytes_;
    std::span<double> numbers_;
};

/// Eight sums at once: one alone would wait for each addition rather than for the memory. By
/// pointer, since a build for debugging checks the indexes of spans.
double sum_of(std::span<const double> numbers) {
    const double* const from = numbers.data();
    std::array<double, 8> sums{};
    std::size_t i = 0;
    for (; i + sums.size() <= numbers.size(); i += sums.size()) {
        double* const sum = sums.data();
        for (std::size_t lane = 0; lane < sums.size(); ++lane) {
            sum[lane] += from[i + lane];
        }
    }
    double out = 0;
    for (; i < numbers.size(); ++i) {
        out += from[i];
    }
    for (const double sum : sums) {
        out += sum;
    }
    return out;
}

/// One thread's part of the three arrays.
struct Part {
    std::span<double> a;
    std::span<double> b;
    std::span<double> c;
    double sum = 0;

    [[nodiscard]] double count() const { return static_cast<double>(a.size()); }

    void fill() {
        std::ranges::fill(a, first_values[0]);
        std::ranges::fill(b, first_values[1]);
        std::ranges::fill(c, first_values[2]);
    }
    void read() { sum = sum_of(a) + sum_of(b) + sum_of(c); }
    void copy() { std::ranges::copy(a, c.begin()); }
    void triad() {
        double* const to = a.data();
        const double* const from_b = b.data();
        const double* const from_c = c.data();
        for (std::size_t i = 0; i < a.size(); ++i) {
            to[i] = from_b[i] + scale * from_c[i];
        }
    }

    /// After read, copy and triad, in this order and each any number of times.
    [[nodiscard]] bool is_right() const {
        const auto [first_a, first_b, first_c] = first_values;
        return sum == (first_a + first_b + first_c) * count() && sum_of(c) == first_a * count() &&
               sum_of(a) == (first_b + scale * first_a) * count();
    }
};

struct Loop {
    void (Part::*run)();
    int arrays;  ///< that it reads or writes
    double Bandwidth::* result;
};

constexpr std::array loops = {Loop{&Part::read, 3, &Bandwidth::read},
                              Loop{&Part::copy, 2, &Bandwidth::copy},
                              Loop{&Part::triad, 3, &Bandwidth::triad}};

/// Threads that do each pass at the same time. The first one keeps the time.
class Team {
public:
    Team(std::vector<Part>& parts, const BandwidthPlan& plan)
        : parts_(parts), plan_(plan), step_(static_cast<std::ptrdiff_t>(parts.size())) {}

    Bandwidth run() {
        {
            std::vector<std::jthread> others;
            for (std::size_t i = 1; i < parts_.size(); ++i) {
                others.emplace_back([this, i] { work(parts_[i], false); });
            }
            work(parts_[0], true);
        }
        return result_;
    }

private:
    void work(Part& part, bool keeps_time) {
        part.fill();
        for (const Loop& loop : loops) {
            const auto until = Clock::now() + plan_.each_for;
            for (int pass = 1;; ++pass) {
                step_.arrive_and_wait();
                const auto began = Clock::now();
                (part.*loop.run)();
                step_.arrive_and_wait();
                if (keeps_time) {
                    note(loop, Clock::now() - began);
                    more_ = pass < passes_min || Clock::now() < until;
                }
                step_.arrive_and_wait();
                if (!more_) {
                    break;
                }
            }
        }
    }

    void note(const Loop& loop, std::chrono::duration<double> took) {
        double bytes = 0;
        for (const Part& part : parts_) {
            bytes += part.count() * sizeof(double) * loop.arrays;
        }
        double& best = result_.*loop.result;
        best = std::max(best, bytes / took.count());
    }

    std::vector<Part>& parts_;
    const BandwidthPlan& plan_;
    std::barrier<> step_;
    bool more_ = true;  ///< written between two steps, read after the second
    Bandwidth result_;
};

std::vector<Part> parts_of(const std::array<std::span<double>, 3>& arrays, std::size_t threads) {
    std::vector<Part> out;
    const std::size_t size = arrays[0].size();
    for (std::size_t i = 0; i < threads; ++i) {
        const std::size_t from = size * i / threads;
        const std::size_t count = size * (i + 1) / threads - from;
        out.push_back({.a = arrays[0].subspan(from, count),
                       .b = arrays[1].subspan(from, count),
                       .c = arrays[2].subspan(from, count)});
    }
    return out;
}

}  // namespace

std::size_t bandwidth_array_bytes(std::uint64_t available_bytes) {
    constexpr std::uint64_t share = 8;  // three eighths of what is free, at most
    return static_cast<std::size_t>(
        std::clamp<std::uint64_t>(available_bytes / share, array_bytes_min, array_bytes_max));
}

Result<Bandwidth> measure_bandwidth(const BandwidthPlan& plan) {
    const std::size_t threads = std::max<std::size_t>(plan.threads, 1);
    const std::size_t count = std::max(plan.array_bytes / sizeof(double), threads);
    try {
        const std::array<Array, 3> memory = {Array(count), Array(count), Array(count)};
        const std::array arrays = {memory[0].numbers(), memory[1].numbers(), memory[2].numbers()};
        std::vector<Part> parts = parts_of(arrays, threads);
        const Bandwidth out = Team(parts, plan).run();
        if (!std::ranges::all_of(parts, &Part::is_right)) {
            return fail(ErrorCode::internal,
                        "this machine's memory gives other numbers than were written; test it");
        }
        return out;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory,
                    "no memory for the three arrays of " + format_bytes(plan.array_bytes) +
                        " that the bandwidth is measured with; end other programs, or give models "
                        "back: threadrunner unload");
    }
}

}  // namespace threadrunner::cli
