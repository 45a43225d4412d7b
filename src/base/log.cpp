#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "base/log_file.h"
#include "base/paths.h"

namespace threadrunner::log {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t queue_lines = 8192;

/// The log's file as spdlog's thread sees it.
class FileSink : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit FileSink(fs::path directory) : files_(std::move(directory)) {}

    Result<void> open(std::uint64_t keep_days) {
        const std::lock_guard lock(mutex_);
        files_.set_kept(keep_days);
        return files_.turn_to(std::chrono::system_clock::now());
    }
    void keep(std::uint64_t days) {
        const std::lock_guard lock(mutex_);
        files_.set_kept(days);
    }

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        files_.append({message.payload.data(), message.payload.size()}, message.time);
    }
    void flush_() override {}

private:
    DayFiles files_;
};

/// stderr, which may be a pipe that nobody reads or a terminal that is gone: what it does not take
/// is not missed.
class ConsoleSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        const std::string line = std::string(message.payload.data(), message.payload.size()) + "\n";
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    }
    void flush_() override {}
};

struct State {
    std::shared_mutex mutex;  ///< of the options
    Options options;
    bool console_is_file = false;
    bool console_is_journal = false;
    std::shared_ptr<FileSink> sink;
    std::shared_ptr<spdlog::async_logger> file;
    std::shared_ptr<spdlog::async_logger> console;
};

State& state() {
    static State instance;
    return instance;
}

/// Whoever starts a daemon in the background may give it the log as stderr, for what a crash
/// prints.
bool stderr_is(const fs::path& file) {
    struct stat ours{};
    struct stat theirs{};
    return ::fstat(STDERR_FILENO, &ours) == 0 && ::stat(file.c_str(), &theirs) == 0 &&
           ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/// systemd.exec(5): $JOURNAL_STREAM holds device and inode of a stream that is the journal.
bool stderr_is_journal() {
    struct stat status{};
    return ::fstat(STDERR_FILENO, &status) == 0 &&
           environment("JOURNAL_STREAM") == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

std::shared_ptr<spdlog::async_logger> make_logger(const char* name, spdlog::sink_ptr sink) {
    auto logger =
        std::make_shared<spdlog::async_logger>(name, std::move(sink), spdlog::thread_pool(),
                                               spdlog::async_overflow_policy::overrun_oldest);
    logger->set_level(spdlog::level::trace);
    return logger;
}

}  // namespace

Result<void> open(const fs::path& directory, const Options& options) {
    State& s = state();
    s.options = options;
    s.sink = std::make_shared<FileSink>(directory);
    auto opened = s.sink->open(options.keep_days);
    s.console_is_file = stderr_is(directory / day_file_name(std::chrono::system_clock::now()));
    s.console_is_journal = stderr_is_journal();
    spdlog::init_thread_pool(queue_lines, 1);
    s.console = make_logger("stderr", std::make_shared<ConsoleSink>());
    s.file = make_logger("file", s.sink);
    return opened;
}

void reconfigure(const Options& options) {
    State& s = state();
    const std::unique_lock lock(s.mutex);
    s.options = options;
    if (s.sink) {
        s.sink->keep(options.keep_days);
    }
}

void close() {
    State& s = state();
    s.file.reset();
    s.console.reset();
    // Ends and joins the thread, when it has written all; then the last owner closes the file.
    spdlog::shutdown();
    s.sink.reset();
}

bool enabled(Level level, std::string_view target) {
    State& s = state();
    const std::shared_lock lock(s.mutex);
    return s.file && (s.options.file.passes(level, target) ||
                      (!s.console_is_file && s.options.console.passes(level, target)));
}

void write(const Line& line) {
    State& s = state();
    if (!s.file) {
        return;
    }
    const Time now = std::chrono::system_clock::now();
    const std::shared_lock lock(s.mutex);
    const auto text = [&](bool journal) {
        return s.options.json ? json_line(line, now)
               : journal      ? journal_line(line)
                              : plain_line(line, now);
    };
    const auto send = [&](const auto& logger, const std::string& whole) {
        logger->log(now, spdlog::source_loc{}, spdlog::level::info, whole);
    };
    if (s.options.file.passes(line.level, line.target)) {
        send(s.file, text(false));
    }
    if (!s.console_is_file && s.options.console.passes(line.level, line.target)) {
        send(s.console, text(s.console_is_journal));
    }
}

}  // namespace threadrunner::log
