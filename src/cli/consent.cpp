#include "cli/consent.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "base/text.h"
#include "cli/characters.h"
#include "cli/tool_words.h"

namespace threadrunner::cli {
namespace {

constexpr std::size_t question_characters_max = 4000;  // more is cut: nobody would read it
constexpr std::size_t answer_bytes_max = 64;           // a longer line is none

UniqueFd open_terminal() {
    return UniqueFd(::open("/dev/tty", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

bool can_ask(const Terminal& terminal) { return terminal.err && open_terminal(); }

Consent::Consent(Screen& screen) : screen_(screen) {}

Consent::Consent(Screen& screen, UniqueFd terminal)
    : screen_(screen), terminal_(std::move(terminal)) {}

std::optional<bool> Consent::ask(const event::Tool& call) {
    if (all_) {
        return true;
    }
    if (!terminal_) {
        terminal_ = open_terminal();
    }
    if (!terminal_) {
        return false;
    }
    ::tcflush(terminal_.get(), TCIFLUSH);
    typed_.clear();
    asking_ = true;
    call_ = call.call;
    question_ =
        shortened(call_in_words(call.name, call.arguments), question_characters_max, false) +
        ": allow? [y]es, [n]o, [a]ll ";
    screen_.err(question_);
    return std::nullopt;
}

int Consent::fd() const { return asking_ ? terminal_.get() : -1; }

std::optional<bool> Consent::take() {
    while (asking_) {
        std::array<char, 256> bytes;
        const ssize_t size = ::read(terminal_.get(), bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0 && errno == EAGAIN) {
            return std::nullopt;
        }
        if (size <= 0) {
            screen_.err("\n");
            return settle(false);
        }
        typed_.append(bytes.data(), static_cast<std::size_t>(size));
        if (const auto answer = take_line()) {
            return answer;
        }
    }
    return std::nullopt;
}

std::optional<bool> Consent::take_line() {
    for (std::size_t end = 0; (end = typed_.find('\n')) != std::string::npos;) {
        const auto word = word_of(std::string_view(typed_).substr(0, end));
        typed_.erase(0, end + 1);
        if (word) {
            all_ = word == Word::all;
            return settle(word != Word::no);
        }
        screen_.err("y, n or a? ");
    }
    if (typed_.size() > answer_bytes_max) {
        typed_.resize(answer_bytes_max);
    }
    return std::nullopt;
}

std::optional<Consent::Word> Consent::word_of(std::string_view line) {
    constexpr std::pair<std::string_view, Word> words[] = {
        {"y", Word::yes}, {"yes", Word::yes}, {"n", Word::no},
        {"no", Word::no}, {"a", Word::all},   {"all", Word::all},
    };
    const std::string said = small_letters(trimmed(line, " \t\r"));
    for (const auto& [name, word] : words) {
        if (said == name) {
            return word;
        }
    }
    return std::nullopt;
}

bool Consent::settle(bool allowed) {
    asking_ = false;
    return allowed;
}

void Consent::withdraw() {
    step_aside();
    asking_ = false;
}

void Consent::step_aside() {
    if (asking_) {
        screen_.err("\n");
    }
}

void Consent::come_back() {
    if (asking_) {
        screen_.err(question_);
    }
}

}  // namespace threadrunner::cli
