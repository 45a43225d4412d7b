#include "base/toml_edit.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "base/unique_fd.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;

/// A text by lines, as TOML's positions count it: from 1, columns in characters.
class Lines {
public:
    explicit Lines(std::string_view text) : text_(text) {
        starts_.push_back(0);
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\n') {
                starts_.push_back(i + 1);
            }
        }
    }

    /// Where a position is, in bytes.
    [[nodiscard]] std::size_t at(toml::source_position position) const {
        std::size_t byte = start_of(position.line);
        if (position.line == 1 && text_.starts_with("\xEF\xBB\xBF")) {
            byte = 3;  // a byte order mark has no column
        }
        for (toml::source_index left = position.column - 1; left > 0 && byte < text_.size();
             --left) {
            ++byte;
            while (byte < text_.size() &&
                   (static_cast<unsigned char>(text_[byte]) & 0xC0) == 0x80) {
                ++byte;
            }
        }
        return byte;
    }

    [[nodiscard]] std::size_t start_of(std::size_t line) const {
        return line - 1 < starts_.size() ? starts_[line - 1] : text_.size();
    }
    [[nodiscard]] std::size_t end_of(std::size_t line) const { return start_of(line + 1); }

    [[nodiscard]] std::string_view line_break() const {
        return text_.find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
    }

private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
};

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// A new line goes in at the start of this line, behind whatever has no break at its end.
std::string with_line(std::string_view text, std::size_t at, const std::string& line) {
    const std::string_view line_break = Lines(text).line_break();
    std::string out(text.substr(0, at));
    if (!out.empty() && out.back() != '\n') {
        out += line_break;
    }
    return out.append(line).append(line_break).append(text.substr(at));
}

/// Behind the last value of a table, before what follows: blank lines, comments, other tables.
std::size_t end_of_values(const toml::table& table, const Lines& lines, std::size_t otherwise) {
    std::size_t end = otherwise;
    for (const auto& [name, node] : table) {
        if (!node.is_table() || node.as_table()->is_inline()) {
            end = std::max(end, lines.end_of(node.source().end.line));
        }
    }
    return end;
}

/// Where a first line without a table goes: before the first table with the comments above it, but
/// behind a comment at the top of the file that stands for itself.
std::size_t place_without_table(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && text[at] == '#') {
        const std::size_t end = text.find('\n', at);
        at = end == std::string_view::npos ? text.size() : end + 1;
    }
    const std::string_view next = text.substr(at, text.find('\n', at) - at);
    return at == text.size() || blank(next) ? at : 0;
}

/// A name as a key of TOML: bare where that is allowed.
std::string key_text(std::string_view name) {
    const bool bare = !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
    return bare ? std::string(name) : toml_text(name);
}

std::string insert_value(std::string_view text, const toml::table& document, const TomlKey& key,
                         std::string_view value) {
    const Lines lines(text);
    const std::string line = fmt::format("{} = {}", key_text(key.name), value);
    if (key.table.empty()) {
        return with_line(text, end_of_values(document, lines, place_without_table(text)), line);
    }
    const toml::node* found = document.get(key.table);
    const toml::table* table = found == nullptr ? nullptr : found->as_table();
    if (table == nullptr) {
        const std::string gap(blank(text) ? "" : lines.line_break());
        const std::string header =
            fmt::format("{}[{}]{}", gap, key_text(key.table), lines.line_break());
        return with_line(text, text.size(), header + line);
    }
    const std::size_t begin = lines.at(table->source().begin);
    if (table->is_inline()) {
        const std::size_t brace = lines.at(table->source().end) - 1;
        const std::string separator = table->empty() ? " " : ", ";
        const std::size_t last = text.find_last_not_of(" \t", brace - 1) + 1;
        return std::string(text.substr(0, last)) + separator + line + " " +
               std::string(text.substr(brace));
    }
    const bool has_header = begin < text.size() && text[begin] == '[';
    const std::size_t header_end = has_header ? lines.end_of(table->source().end.line) : 0;
    const std::size_t at = end_of_values(*table, lines, header_end);
    return with_line(text, at, has_header ? line : fmt::format("{}.{}", key_text(key.table), line));
}

const toml::node* find_value(const toml::table& document, const TomlKey& key) {
    if (key.table.empty()) {
        return document.get(key.name);
    }
    const toml::node* found = document.get(key.table);
    const toml::table* table = found == nullptr ? nullptr : found->as_table();
    return table == nullptr ? nullptr : table->get(key.name);
}

Result<toml::table> parse(std::string_view text) {
    try {
        return toml::table(toml::parse(text));
    } catch (const toml::parse_error& problem) {
        return fail(ErrorCode::invalid_request,
                    fmt::format("line {}: {}", problem.source().begin.line, problem.description()));
    }
}

/// Waits until no other command edits a file of this directory.
Result<UniqueFd> lock_directory(const fs::path& directory) {
    UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        return fail_system(ErrorCode::internal, "cannot open " + directory.string(), errno);
    }
    const auto deadline = std::chrono::steady_clock::now() + limits::settings_file_free_within;
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= deadline) {
            return fail(ErrorCode::conflict, "another command is changing a file in " +
                                                 directory.string() + "; try again");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return fd;
}

/// A file beside the one that it is to become, gone unless it did.
class Replacement {
public:
    explicit Replacement(const fs::path& file)
        : path_(file.string() + ".XXXXXX"), fd_(::mkostemp(path_.data(), O_CLOEXEC)) {}
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement() {
        if (fd_) {
            ::unlink(path_.c_str());
        }
    }

    [[nodiscard]] bool write(std::string_view text, mode_t mode) {
        while (fd_ && !text.empty()) {
            const ssize_t wrote = ::write(fd_.get(), text.data(), text.size());
            if (wrote < 0) {
                return false;
            }
            text.remove_prefix(static_cast<std::size_t>(wrote));
        }
        return fd_ && ::fchmod(fd_.get(), mode) == 0 && ::fsync(fd_.get()) == 0;
    }

    [[nodiscard]] bool become(const fs::path& file) {
        if (::rename(path_.c_str(), file.c_str()) != 0) {
            return false;
        }
        fd_.reset();
        return true;
    }

private:
    std::string path_;
    UniqueFd fd_;
};

Result<void> replace_file(const fs::path& file, std::string_view text, int directory) {
    struct stat status{};
    const mode_t mode = ::stat(file.c_str(), &status) == 0 ? status.st_mode & 07777 : 0600;
    Replacement replacement(file);
    if (!replacement.write(text, mode) || !replacement.become(file)) {
        return fail_system(ErrorCode::internal, "cannot write " + file.string(), errno);
    }
    ::fsync(directory);
    return {};
}

}  // namespace

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

Result<std::string> with_value(std::string_view text, const TomlKey& key, std::string_view value) {
    const auto document = parse(text);
    if (!document) {
        return std::unexpected(document.error());
    }
    const toml::node* found = find_value(*document, key);
    if (found == nullptr) {
        return insert_value(text, *document, key, value);
    }
    const Lines lines(text);
    const std::size_t begin = lines.at(found->source().begin);
    const std::size_t end = lines.at(found->source().end);
    return std::string(text.substr(0, begin)) + std::string(value) + std::string(text.substr(end));
}

Result<std::string> without_value(std::string_view text, const TomlKey& key) {
    const auto document = parse(text);
    if (!document) {
        return std::unexpected(document.error());
    }
    const toml::node* found = find_value(*document, key);
    if (found == nullptr) {
        return std::string(text);
    }
    const Lines lines(text);
    const toml::source_region& where = found->source();
    const std::size_t begin = lines.start_of(where.begin.line);
    const std::size_t end = lines.end_of(where.end.line);
    std::string_view before = text.substr(begin, lines.at(where.begin) - begin);
    if (before.find('{') != std::string_view::npos) {
        return fail(ErrorCode::not_supported,
                    fmt::format("line {} sets several values at once; take {} out of it by hand",
                                where.begin.line, key.name));
    }
    return std::string(text.substr(0, begin)) + std::string(text.substr(end));
}

Result<std::string> without_table(std::string_view text, std::string_view name) {
    const auto document = parse(text);
    if (!document) {
        return std::unexpected(document.error());
    }
    const toml::node* found = document->get(name);
    const toml::table* table = found == nullptr ? nullptr : found->as_table();
    if (table == nullptr) {
        return std::string(text);
    }
    const Lines lines(text);
    const toml::source_region& where = table->source();
    const std::size_t begin = lines.at(where.begin);
    const bool has_header = begin < text.size() && text[begin] == '[';
    if (!has_header && !table->is_inline()) {
        return fail(ErrorCode::not_supported,
                    fmt::format("line {} and others set [{}] piece by piece; remove them by hand",
                                where.begin.line, name));
    }
    const std::size_t header_end = lines.end_of(where.end.line);
    const std::size_t end =
        table->is_inline() ? header_end : end_of_values(*table, lines, header_end);
    return std::string(text.substr(0, lines.start_of(where.begin.line))) +
           std::string(text.substr(end));
}

Result<void> edit_toml_file(const fs::path& file, const TomlRules& rules, const TomlEdit& edit) {
    std::error_code error;
    const fs::path target = fs::weakly_canonical(file, error);
    if (error) {
        return fail_system(ErrorCode::internal, "cannot resolve " + file.string(), error.value());
    }
    const auto lock = lock_directory(target.parent_path());
    if (!lock) {
        return std::unexpected(lock.error());
    }
    const auto before = rules.read(target);
    if (!before) {
        return std::unexpected(before.error());
    }
    if (auto valid = rules.check(*before); !valid) {
        return valid;
    }
    const auto after = edit(*before);
    if (!after) {
        return fail(after.error().code, file.string() + ": " + after.error().message);
    }
    if (auto valid = rules.check(*after); !valid) {
        return fail(ErrorCode::internal, "the change would break the file (" +
                                             valid.error().message + "); make it by hand");
    }
    return *after == *before ? Result<void>() : replace_file(target, *after, lock->get());
}

}  // namespace threadrunner
