#include "cli/chat/terminal_lines.h"

#include <histedit.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "cli/interrupts.h"

namespace threadrunner::cli {
namespace {

constexpr wchar_t first_prompt[] = L"> ";
constexpr wchar_t further_prompt[] = L"… ";
constexpr std::string_view paste_wanted = "\x1b[?2004h";
constexpr std::string_view paste_unwanted = "\x1b[?2004l";
constexpr std::wstring_view paste_ends = L"\x1b[201~";

// What happened to the terminal; a signal handler reaches only globals.
volatile sig_atomic_t terminal_resized = 0;
volatile sig_atomic_t process_continued = 0;

extern "C" void on_terminal_signal(int signal) {
    (signal == SIGWINCH ? terminal_resized : process_continued) = 1;
}

/// Valid UTF-8 to code points.
std::wstring widened(std::string_view text) {
    std::wstring out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            out += static_cast<wchar_t>(byte);
        } else if (byte >= 0xC0) {
            out += static_cast<wchar_t>(byte & (byte >= 0xF0   ? 0x07U
                                                : byte >= 0xE0 ? 0x0FU
                                                               : 0x1FU));
        } else if (!out.empty()) {
            out.back() = static_cast<wchar_t>((static_cast<std::uint32_t>(out.back()) << 6U) |
                                              (byte & 0x3FU));
        }
    }
    return out;
}

std::string narrowed(std::wstring_view text) {
    std::string out;
    for (const wchar_t wide : text) {
        const auto code = static_cast<char32_t>(wide);
        const auto tail = [&](unsigned shift) {
            out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
        };
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xC0U | (code >> 6U));
            tail(0);
        } else if (code < 0x10000) {
            out += static_cast<char>(0xE0U | (code >> 12U));
            tail(6);
            tail(0);
        } else {
            out += static_cast<char>(0xF0U | (code >> 18U));
            tail(12);
            tail(6);
            tail(0);
        }
    }
    return utf8_repair(out);
}

/// libedit draws and measures characters by the locale. One that is not UTF-8 is most likely one
/// that nobody has set.
void use_utf8_locale() {
    if (std::setlocale(LC_CTYPE, "") == nullptr ||
        std::string_view(::nl_langinfo(CODESET)) != "UTF-8") {
        std::setlocale(LC_CTYPE, "C.UTF-8");
    }
}

/// The handlers of a terminal's signals, while it is edited on.
class SignalWatch {
public:
    SignalWatch() {
        struct sigaction action{};
        action.sa_handler = on_terminal_signal;
        ::sigaction(SIGWINCH, &action, &resize_before_);
        ::sigaction(SIGCONT, &action, &continue_before_);
    }
    ~SignalWatch() {
        ::sigaction(SIGWINCH, &resize_before_, nullptr);
        ::sigaction(SIGCONT, &continue_before_, nullptr);
    }
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

private:
    struct sigaction resize_before_{};
    struct sigaction continue_before_{};
};

struct CloseFile {
    void operator()(FILE* file) const { static_cast<void>(std::fclose(file)); }
};

}  // namespace

/// libedit's state and ours: it calls back with a pointer to itself, which leads here.
struct TerminalLines::Editor {
    std::unique_ptr<FILE, CloseFile> out;
    std::unique_ptr<EditLine, decltype(&::el_end)> edit{nullptr, &::el_end};
    std::unique_ptr<HistoryW, decltype(&::history_wend)> history{nullptr, &::history_wend};
    InterruptScope* interrupts = nullptr;  ///< of the read under way
    bool interrupted = false;
    std::string dropped;  ///< what was typed when it was
    bool continues = false;
    Utf8Stream utf8;
    std::wstring characters;  ///< the same, decoded

    static Editor& of(EditLine* edit) {
        void* self = nullptr;
        ::el_wget(edit, EL_CLIENTDATA, &self);
        return *static_cast<Editor*>(self);
    }

    static wchar_t* prompt(EditLine* edit) {
        // libedit's type lacks a const
        return const_cast<wchar_t*>(of(edit).continues ? further_prompt : first_prompt);
    }

    /// In place of libedit's own, which sleeps through a Ctrl-C.
    static int next_character(EditLine* edit, wchar_t* out) {
        Editor& self = of(edit);
        while (self.characters.empty()) {
            if (!self.wait() || !self.receive()) {
                return self.interrupted ? -1 : 0;
            }
        }
        *out = self.characters.front();
        self.characters.erase(0, 1);
        return 1;
    }

    /// What the terminal says is pasted goes into the line as it is.
    static unsigned char insert_paste(EditLine* edit, wint_t) {
        std::wstring text;
        for (wchar_t c = 0; !text.ends_with(paste_ends);) {
            if (::el_wgetc(edit, &c) != 1) {
                return CC_EOF;
            }
            if (text.size() < limits::socket_frame_bytes_max) {
                text += c == L'\r' ? L'\n' : c;
            }
        }
        text.resize(text.size() - paste_ends.size());
        while (text.ends_with(L'\n')) {
            text.pop_back();
        }
        return ::el_winsertstr(edit, text.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    }

    /// Until there is something to read; false after Ctrl-C.
    bool wait() {
        for (;;) {
            std::array polled = {
                pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                pollfd{.fd = interrupts->fd(), .events = POLLIN, .revents = 0},
            };
            const int ready = ::poll(polled.data(), polled.size(), -1);
            if (interrupts->noted()) {
                interrupted = true;
                const LineInfoW* const line = ::el_wline(edit.get());
                dropped = narrowed(
                    {line->buffer, static_cast<std::size_t>(line->lastchar - line->buffer)});
                return false;
            }
            if (std::exchange(terminal_resized, 0) != 0) {
                ::el_resize(edit.get());
            }
            if (std::exchange(process_continued, 0) != 0) {
                // the shell has set the terminal as it likes it
                ::el_wset(edit.get(), EL_PREP_TERM, 0);
                ::el_wset(edit.get(), EL_PREP_TERM, 1);
                ::el_wset(edit.get(), EL_REFRESH);
            }
            if (ready > 0) {
                return true;
            }
        }
    }

    /// False at the end of the input.
    bool receive() {
        std::array<char, 4 * limits::kib> bytes;
        const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (size < 0 && (errno == EINTR || errno == EAGAIN)) {
            return true;
        }
        if (size <= 0) {
            return false;
        }
        characters += widened(utf8.push({bytes.data(), static_cast<std::size_t>(size)}));
        return true;
    }

    void say(std::string_view text) const {
        static_cast<void>(std::fwrite(text.data(), 1, text.size(), out.get()));
        static_cast<void>(std::fflush(out.get()));
    }

    void enter_history(const std::string& entry) const {
        HistEventW event{};
        ::history_w(history.get(), &event, H_ENTER, widened(entry).c_str());
    }

    bool open();
};

bool TerminalLines::Editor::open() {
    use_utf8_locale();
    out.reset(::isatty(STDERR_FILENO) == 1 ? ::fdopen(::dup(STDERR_FILENO), "w")
                                           : std::fopen("/dev/tty", "we"));
    if (!out) {
        return false;
    }
    edit.reset(::el_init("threadrunner", stdin, out.get(), out.get()));
    history.reset(::history_winit());
    if (!edit || !history) {
        return false;
    }
    EditLine* const el = edit.get();
    HistEventW event{};
    ::history_w(history.get(), &event, H_SETSIZE,
                static_cast<int>(limits::chat_history_entries_max));
    ::history_w(history.get(), &event, H_SETUNIQUE, 1);
    ::el_wset(el, EL_CLIENTDATA, this);
    ::el_wset(el, EL_PROMPT, &Editor::prompt);
    ::el_wset(el, EL_GETCFN, &Editor::next_character);
    ::el_wset(el, EL_HIST, &::history_w, history.get());
    ::el_wset(el, EL_EDITOR, L"emacs");
    ::el_wset(el, EL_ADDFN, L"insert-paste", L"insert what is pasted", &Editor::insert_paste);
    ::el_wset(el, EL_BIND, L"\x1b[200~", L"insert-paste", nullptr);
    ::el_wset(el, EL_BIND, L"^R", L"em-inc-search-prev", nullptr);
    ::el_source(el, nullptr);
    return true;
}

Result<std::unique_ptr<TerminalLines>> TerminalLines::open(HistoryFile history) {
    auto editor = std::make_unique<Editor>();
    if (!editor->open()) {
        return fail(ErrorCode::not_supported, "there is no terminal to draw a prompt on");
    }
    for (const std::string& entry : history.load()) {
        editor->enter_history(entry);
    }
    return std::unique_ptr<TerminalLines>(new TerminalLines(std::move(history), std::move(editor)));
}

TerminalLines::TerminalLines(HistoryFile history, std::unique_ptr<Editor> editor)
    : history_(std::move(history)), editor_(std::move(editor)) {}

TerminalLines::~TerminalLines() = default;

Line TerminalLines::read(bool continues) {
    InterruptScope interrupts;
    const SignalWatch signals;
    editor_->interrupts = &interrupts;
    editor_->interrupted = false;
    editor_->continues = continues;
    EditLine* const edit = editor_->edit.get();
    ::el_resize(edit);
    // libedit would do this after it has drawn the prompt, and what is typed between is not its own
    ::el_wset(edit, EL_PREP_TERM, 1);
    editor_->say(paste_wanted);
    int count = 0;
    const wchar_t* const read = ::el_wgets(edit, &count);
    editor_->say(paste_unwanted);
    Line line;
    if (editor_->interrupted) {
        line = {.how = Line::How::interrupted, .text = std::move(editor_->dropped)};
        editor_->say("\n");
    } else if (read != nullptr && count > 0) {
        std::wstring_view text(read, static_cast<std::size_t>(count));
        text.remove_suffix(text.ends_with(L'\n') ? 1 : 0);
        line = {.how = Line::How::line, .text = narrowed(text)};
    } else {
        editor_->say("\n");
    }
    editor_->interrupts = nullptr;
    return line;
}

void TerminalLines::remember(const std::string& turn) {
    editor_->enter_history(turn);
    // a home that cannot be written costs no more than the memory of what was typed
    [[maybe_unused]] const auto kept = history_.add(turn);
}

}  // namespace threadrunner::cli
