#include "cli/chat/history_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/limits.h"
#include "base/unique_fd.h"
#include "wire/decode.h"

namespace threadrunner::cli {
namespace {

Result<void> write_at_once(const std::filesystem::path& file, int flags, const std::string& text) {
    const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600));
    // one write, so that the lines of two chats do not mix
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return fail_system(ErrorCode::internal, "cannot write " + file.string(), errno);
    }
    return {};
}

std::string as_line(const std::string& entry) { return wire::encode_json(entry) + "\n"; }

}  // namespace

std::vector<std::string> HistoryFile::load() {
    std::vector<std::string> entries;
    lines_ = 0;
    std::ifstream stream(file_);
    for (std::string line; std::getline(stream, line); ++lines_) {
        const auto entry = wire::decode_json(line);
        if (entry && entry->is_string()) {
            entries.push_back(entry->get<std::string>());
        }
    }
    if (entries.size() > limits::chat_history_entries_max) {
        entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(
                                                           limits::chat_history_entries_max));
    }
    return entries;
}

Result<void> HistoryFile::add(const std::string& entry) {
    const std::string line = as_line(entry);
    if (line.size() > limits::chat_history_entry_bytes_max) {
        return {};
    }
    if (auto written = write_at_once(file_, O_APPEND, line); !written) {
        return written;
    }
    return ++lines_ >= 2 * limits::chat_history_entries_max ? shorten() : Result<void>();
}

Result<void> HistoryFile::shorten() {
    std::string text;
    for (const std::string& entry : load()) {
        text += as_line(entry);
    }
    const std::filesystem::path fresh = file_.string() + "." + std::to_string(::getpid());
    auto written = write_at_once(fresh, O_TRUNC, text);
    if (written && ::rename(fresh.c_str(), file_.c_str()) != 0) {
        written = fail_system(ErrorCode::internal, "cannot replace " + file_.string(), errno);
    }
    if (!written) {
        std::error_code ignored;
        std::filesystem::remove(fresh, ignored);
        return written;
    }
    lines_ = limits::chat_history_entries_max;
    return {};
}

}  // namespace threadrunner::cli
