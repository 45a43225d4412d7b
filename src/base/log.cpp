#include "base/log.h"

#include <fmt/chrono.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/daily_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace threadrunner::log {
namespace {

constexpr std::array<std::string_view, 6> level_names = {"trace", "debug", "info",
                                                         "warn",  "error", "off"};
constexpr std::size_t queue_lines = 8192;
constexpr std::uint16_t days_kept = 14;

struct State {
    Level least = Level::info;
    std::map<std::string, Level, std::less<>> by_target;
    std::shared_ptr<spdlog::async_logger> logger;
};

State& state() {
    static State instance;
    return instance;
}

std::optional<Level> level_from(std::string_view name) {
    const auto found = std::find(level_names.begin(), level_names.end(), name);
    if (found == level_names.end()) {
        return std::nullopt;
    }
    return static_cast<Level>(found - level_names.begin());
}

Result<void> set_filter(State& into, std::string_view filter) {
    while (!filter.empty()) {
        const std::string_view part = filter.substr(0, filter.find(','));
        filter.remove_prefix(std::min(filter.size(), part.size() + 1));
        const std::size_t equals = part.find('=');
        const auto level = level_from(equals == part.npos ? part : part.substr(equals + 1));
        if (!level) {
            return fail(ErrorCode::invalid_request,
                        "log filter: '" + std::string(part) +
                            "' names no level; levels are trace, debug, info, warn, error, off");
        }
        std::string_view target = equals == part.npos ? "core" : part.substr(0, equals);
        if (target.starts_with("threadrunner_")) {
            target.remove_prefix(std::string_view("threadrunner_").size());
        }
        if (target == "core") {
            into.least = *level;
        } else {
            into.by_target[std::string(target)] = *level;
        }
    }
    return {};
}

/// The file of a day. spdlog's own calculator takes % and braces in the directory for its syntax.
struct DayFile {
    static std::string calc_filename(const std::string& directory, const std::tm& day) {
        return fmt::format("{}/threadrunner-daemon-{:%Y-%m-%d}.log", directory, day);
    }
};

std::string one_line(std::string_view message) {
    std::string out;
    out.reserve(message.size());
    for (const char c : message) {
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
            out += c == '\n' ? "\\n" : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out;
}

/// Whoever starts a daemon in the background may give it the log as stderr, for what a crash
/// prints.
bool stderr_is(const std::string& file) {
    struct stat ours{};
    struct stat theirs{};
    return ::fstat(STDERR_FILENO, &ours) == 0 && ::stat(file.c_str(), &theirs) == 0 &&
           ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

}  // namespace

Result<void> open(const std::filesystem::path& directory, const std::string& filter) {
    State& s = state();
    if (auto set = set_filter(s, filter); !set) {
        return set;
    }
    try {
        spdlog::init_thread_pool(queue_lines, 1);
        using DailyFile = spdlog::sinks::daily_file_sink<std::mutex, DayFile>;
        auto file = std::make_shared<DailyFile>(directory.string(), 0, 0, false, days_kept);
        auto console = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        console->set_level(stderr_is(file->filename()) ? spdlog::level::off : spdlog::level::warn);
        s.logger = std::make_shared<spdlog::async_logger>(
            "daemon", spdlog::sinks_init_list{file, console}, spdlog::thread_pool(),
            spdlog::async_overflow_policy::overrun_oldest);
        s.logger->set_level(spdlog::level::trace);
        s.logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %L %v");
        s.logger->flush_on(spdlog::level::warn);
        spdlog::register_logger(s.logger);
        spdlog::flush_every(std::chrono::seconds(1));
    } catch (const std::exception& error) {
        return fail(ErrorCode::internal,
                    "cannot open the log in " + directory.string() + ": " + error.what());
    }
    return {};
}

void close() {
    if (const auto logger = std::exchange(state().logger, nullptr)) {
        logger->flush();
        // Ends and joins the thread; only then does the last owner close the file.
        spdlog::shutdown();
    }
}

bool enabled(Level level, std::string_view target) {
    const State& s = state();
    if (!s.logger) {
        return false;
    }
    const auto found = s.by_target.find(target);
    return level >= (found == s.by_target.end() ? s.least : found->second);
}

void write(Level level, std::string_view target, std::string_view message) {
    if (const auto& logger = state().logger) {
        // spdlog's levels have the same order; it has `critical` between error and off.
        const auto spd = level == Level::off ? spdlog::level::off
                                             : static_cast<spdlog::level::level_enum>(level);
        logger->log(spd, "{}: {}", target, one_line(message));
    }
}

}  // namespace threadrunner::log
