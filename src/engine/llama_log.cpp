#include "engine/llama_log.h"

#include <deque>
#include <mutex>
#include <utility>

#include "common.h"
#include "llama.h"
#include "log.h"

namespace threadrunner::engine {
namespace {

constexpr std::size_t errors_kept = 4;  ///< the last ones; the first cause is among them
constexpr std::size_t line_bytes_max = 4096;

/// Puts the pieces that llama.cpp logs together to lines.
class Lines {
public:
    void open(LogSink sink) {
        const std::lock_guard lock(mutex_);
        sink_ = std::move(sink);
    }

    void add(ggml_log_level level, std::string_view text) {
        const std::lock_guard lock(mutex_);
        if (level != GGML_LOG_LEVEL_CONT) {
            finish_line();
            level_ = level;
        }
        for (const char c : text) {
            if (c == '\n' || line_.size() == line_bytes_max) {
                finish_line();
            } else {
                line_ += c;
            }
        }
    }

    std::string take_errors() {
        const std::lock_guard lock(mutex_);
        std::string joined;
        for (const std::string& error : std::exchange(errors_, {})) {
            joined += (joined.empty() ? "" : "; ") + error;
        }
        return joined;
    }

private:
    void finish_line() {
        if (line_.empty()) {
            return;
        }
        if (level_ == GGML_LOG_LEVEL_ERROR) {
            errors_.push_back(line_);
            if (errors_.size() > errors_kept) {
                errors_.pop_front();
            }
        }
        if (sink_) {
            sink_(level_ == GGML_LOG_LEVEL_ERROR  ? LogLevel::error
                  : level_ == GGML_LOG_LEVEL_WARN ? LogLevel::warning
                                                  : LogLevel::debug,
                  line_);
        }
        line_.clear();
    }

    std::mutex mutex_;
    LogSink sink_;
    std::string line_;
    ggml_log_level level_ = GGML_LOG_LEVEL_INFO;
    std::deque<std::string> errors_;
};

/// Never destroyed: threads of llama.cpp may log until the very end.
Lines& lines() {
    static Lines& the_lines = *new Lines;
    return the_lines;
}

void add_common(ggml_log_level level, const char* text, void* /*user_data*/) {
    lines().add(level, text);
}

/// llama and ggml log everything; what is below the threshold is not worth a line.
void add_llama(ggml_log_level level, const char* text, void* /*user_data*/) {
    if (common_log_get_verbosity(level) <= common_log_get_verbosity_thold()) {
        lines().add(level, text);
    }
}

/// A failed assertion of ggml: by default it would start a debugger for a backtrace.
void on_abort(const char* message) {
    lines().add(GGML_LOG_LEVEL_ERROR, std::string(message) + "\n");
}

}  // namespace

void capture_llama_log(LogSink sink, bool verbose) {
    lines().open(std::move(sink));
    common_log_set_callback(common_log_main(), &add_common, nullptr);
    common_log_set_verbosity_thold(verbose ? LOG_LEVEL_TRACE : LOG_LEVEL_WARN);
    llama_log_set(&add_llama, nullptr);
    ggml_set_abort_callback(&on_abort);
}

std::string take_llama_errors() { return lines().take_errors(); }

}  // namespace threadrunner::engine
