#include "sandbox/compilation.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "sandbox/confinement.h"
#include "sandbox/runtime.h"
#include "sandbox/whole_file.h"

namespace threadrunner::sandbox {
namespace {

/// The compiled bytes, or Wasmtime's words for why there are none.
Result<std::string> compile(std::string& module) {
    wasmtime::Engine engine = make_engine();
    auto compiled = wasmtime::Module::compile(engine, span_of(module));
    if (!compiled) {
        return fail(ErrorCode::invalid_request, one_line(compiled.err().message()));
    }
    auto bytes = compiled.ok().serialize();
    if (!bytes) {
        return fail(ErrorCode::internal, one_line(bytes.err().message()));
    }
    const std::vector<std::uint8_t> list = bytes.ok();
    return std::string(list.begin(), list.end());
}

/// The life of the child.
[[noreturn]] void compile_and_exit(std::string& module, pid_t parent, int words, int result) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(EXIT_FAILURE);
    }
    const rlimit room{.rlim_cur = limits::sandbox_compile_bytes_max,
                      .rlim_max = limits::sandbox_compile_bytes_max};
    ::setrlimit(RLIMIT_AS, &room);
    Result<void> done = confine({});
    try {
        auto compiled = done ? compile(module) : Result<std::string>(std::unexpected(done.error()));
        done = compiled ? write_whole(result, *compiled, "the compiled module")
                        : Result<void>(std::unexpected(compiled.error()));
    } catch (const std::exception& error) {
        done = fail(ErrorCode::internal, error.what());
    }
    if (done) {
        ::_exit(EXIT_SUCCESS);
    }
    // who cannot be told why sees the status
    [[maybe_unused]] const auto told = write_whole(words, done.error().message, "a message");
    ::_exit(EXIT_FAILURE);
}

std::string read_words(int fd) {
    std::string out;
    std::array<char, 4 * limits::kib> buffer;
    while (out.size() < limits::log_line_bytes_max) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got <= 0) {
            break;
        }
        out.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return out;
}

}  // namespace

Result<Compilation> Compilation::start(std::string module) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_system(ErrorCode::internal, "cannot make a pipe", errno);
    }
    UniqueFd words(ends[0]);
    UniqueFd childs_words(ends[1]);
    UniqueFd result(::memfd_create("compiled module", MFD_CLOEXEC));
    if (!result) {
        return fail_system(ErrorCode::internal, "cannot make a file in memory", errno);
    }
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        return fail_system(ErrorCode::internal, "cannot start the compiler", errno);
    }
    if (pid == 0) {
        compile_and_exit(module, parent, childs_words.get(), result.get());
    }
    return Compilation(pid, std::move(words), std::move(result));
}

Compilation::Compilation(Compilation&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      words_(std::move(other.words_)),
      result_(std::move(other.result_)) {}

Compilation::~Compilation() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

Result<std::string> Compilation::finish() {
    const std::string words = read_words(words_.get());
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    if (WIFSIGNALED(status)) {
        return fail(ErrorCode::invalid_request,
                    "the compiler died of signal " + std::to_string(WTERMSIG(status)));
    }
    if (status != 0) {
        return fail(ErrorCode::invalid_request,
                    words.empty() ? "the compiler ended without a word" : words);
    }
    return read_whole(result_.get(), limits::sandbox_compile_bytes_max, "the compiled module");
}

}  // namespace threadrunner::sandbox
