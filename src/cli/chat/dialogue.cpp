#include "cli/chat/dialogue.h"

#include <fcntl.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/paths.h"
#include "base/unique_fd.h"

namespace threadrunner::cli {
namespace {

namespace fs = std::filesystem;

fs::path resolved(const std::string& file) {
    const auto user_home = environment("HOME");
    const fs::path path = file.starts_with("~/") && user_home
                              ? fs::path(*user_home) / file.substr(2)
                              : fs::path(file);
    std::error_code error;
    const fs::path absolute = fs::absolute(path, error);
    return error ? path : absolute.lexically_normal();
}

Result<void> write_whole(const fs::path& file, std::string_view text, int flags) {
    const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600));
    if (!fd && errno == EEXIST) {
        return fail(ErrorCode::conflict,
                    file.string() + " is there already; choose another name, or remove it");
    }
    while (fd && !text.empty()) {
        const ssize_t written = ::write(fd.get(), text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return fail_system(ErrorCode::invalid_request, "cannot write " + file.string(), errno);
        }
        text.remove_prefix(static_cast<std::size_t>(written > 0 ? written : 0));
    }
    if (!fd) {
        return fail_system(ErrorCode::invalid_request, "cannot write " + file.string(), errno);
    }
    return {};
}

}  // namespace

void Dialogue::ask(std::string question) {
    assert(messages_.size() % 2 == 0);
    messages_.push_back({{"role", "user"}, {"content", std::move(question)}});
}

void Dialogue::answer(std::string text) {
    assert(messages_.size() % 2 == 1);
    messages_.push_back({{"role", "assistant"}, {"content", std::move(text)}});
}

void Dialogue::withdraw() {
    assert(messages_.size() % 2 == 1);
    messages_.erase(messages_.size() - 1);
}

std::string Dialogue::take_back() {
    if (messages_.size() < 2) {
        return {};
    }
    messages_.erase(messages_.size() - 1);
    auto question = messages_.back()["content"].get<std::string>();
    messages_.erase(messages_.size() - 1);
    return question;
}

void Dialogue::clear() { messages_.clear(); }

std::string Dialogue::as_markdown(std::string_view system) const {
    std::string out = "# A conversation\n";
    if (!system.empty()) {
        out += "\n## System\n\n" + std::string(system) + "\n";
    }
    for (const wire::Json& message : messages_) {
        out += message["role"] == "user" ? "\n## Question\n\n" : "\n## Answer\n\n";
        out += message["content"].get_ref<const std::string&>() + "\n";
    }
    return out;
}

std::string Dialogue::as_json(std::string_view system) const {
    wire::Json all = wire::Json::array();
    if (!system.empty()) {
        all.push_back({{"role", "system"}, {"content", system}});
    }
    all.insert(all.end(), messages_.begin(), messages_.end());
    return wire::encode_json({{"messages", std::move(all)}}) + "\n";
}

Result<fs::path> DialogueSaver::save(const Dialogue& dialogue, std::string_view system,
                                     const std::string& file) {
    fs::path path = resolved(file);
    const bool ours = written_.contains(path);
    const std::string text =
        path.extension() == ".json" ? dialogue.as_json(system) : dialogue.as_markdown(system);
    if (auto written = write_whole(path, text, ours ? O_TRUNC : O_EXCL); !written) {
        return std::unexpected(written.error());
    }
    written_.insert(path);
    return path;
}

}  // namespace threadrunner::cli
