/// Has the tags of files read by one side of bench/sandbox, and says how long it took.
///
///     threadrunner-bench-tags child PREFIX PROGRAM
///         a program that speaks module frames on its stdin and stdout
///     threadrunner-bench-tags sandbox PREFIX PROGRAM MODULE CACHE FOLDER
///         threadrunner-sandbox with a module that may read FOLDER, as /files
///     threadrunner-bench-tags daemon PREFIX SOCKET
///         the daemon's tool `taglib`
///
/// It starts the side at once, then answers lines on stdin: {"files":[…],"window":N} has N requests
/// under way, {"files":[…],"batch":N} sends one after the other with N files each. Names of files
/// are put behind PREFIX. The answer is a line: {"ms":…,"each_us":[…],"since_start_ms":…}, of the
/// whole, of each request and since this program began. Any reply but a good one ends it with 1.

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <iostream>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/unique_fd.h"
#include "wire/decode.h"
#include "wire/frame.h"

extern char** environ;

namespace threadrunner::bench {
namespace {

using Clock = std::chrono::steady_clock;
using wire::Json;
using Files = std::span<const std::string>;

constexpr std::size_t receive_bytes = 256 * limits::kib;
constexpr int control_fd = 3;

[[noreturn]] void give_up(const std::string& why) { throw std::runtime_error(why); }

double us_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double, std::micro>(to - from).count();
}

/// Frames on descriptors that wait.
class Line {
public:
    Line(int in, int out) : in_(in), out_(out) {}

    void send(std::string_view payload) const {
        std::string frame;
        wire::append_frame(frame, payload);
        for (std::string_view rest = frame; !rest.empty();) {
            const ssize_t gone = ::write(out_, rest.data(), rest.size());
            if (gone <= 0) {
                give_up(std::string("cannot send: ") + std::strerror(errno));
            }
            rest.remove_prefix(static_cast<std::size_t>(gone));
        }
    }

    /// Valid until the next.
    [[nodiscard]] std::string_view receive() {
        static std::array<char, receive_bytes> buffer;
        for (;;) {
            const auto frame = reader_.next();
            if (!frame) {
                give_up(frame.error().message);
            }
            if (*frame) {
                return **frame;
            }
            const ssize_t got = ::read(in_, buffer.data(), buffer.size());
            if (got <= 0) {
                give_up("it has ended");
            }
            reader_.push({buffer.data(), static_cast<std::size_t>(got)});
        }
    }

private:
    int in_;
    int out_;
    wire::FrameReader reader_{limits::worker_frame_bytes_max};
};

Json read_one(const std::string& path) { return {{"op", "read_tags"}, {"path", path}}; }

Json batch_of(const std::string& prefix, Files files) {
    Json requests = Json::array();
    for (const std::string& file : files) {
        requests.push_back(read_one(prefix + file));
    }
    return {{"op", "batch"}, {"requests", std::move(requests)}};
}

/// As many files were read as there are good replies, by their bytes: decoding them would be part
/// of what is measured.
std::size_t count_of(std::string_view text, std::string_view word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
        ++count;
    }
    return count;
}

/// A side that is asked.
class Side {
public:
    explicit Side(std::string prefix) : prefix_(std::move(prefix)) {}
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    virtual ~Side() = default;

    virtual void ask(const std::string& file) = 0;
    virtual void ask(Files files) = 0;
    /// Waits for one answer, in order; how many files were read.
    [[nodiscard]] virtual std::size_t hear() = 0;

protected:
    [[nodiscard]] const std::string& prefix() const { return prefix_; }

private:
    std::string prefix_;
};

/// A child that speaks module frames on its standard streams; it ends with them.
class Child : public Side {
public:
    Child(std::string prefix, const std::string& program, UniqueFd control = {})
        : Side(std::move(prefix)) {
        std::array<int, 2> to{};
        std::array<int, 2> from{};
        if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) {
            give_up("cannot make a pipe");
        }
        const UniqueFd its_in(to[0]);
        const UniqueFd its_out(from[1]);
        to_ = UniqueFd(to[1]);
        from_ = UniqueFd(from[0]);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, its_in.get(), STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, its_out.get(), STDOUT_FILENO);
        if (control) {
            ::posix_spawn_file_actions_adddup2(&actions, control.get(), control_fd);
        }
        std::string name = program;
        std::array<char*, 2> words = {name.data(), nullptr};
        const int fault =
            ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, words.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (fault != 0) {
            give_up("cannot start " + program + ": " + std::strerror(fault));
        }
        line_ = std::make_unique<Line>(from_.get(), to_.get());
    }
    ~Child() override {
        to_.reset();
        wait();
    }

    void ask(const std::string& file) override {
        line_->send(wire::encode_msgpack(read_one(prefix() + file)));
    }
    void ask(Files files) override { line_->send(wire::encode_msgpack(batch_of(prefix(), files))); }
    std::size_t hear() override {
        const std::string_view reply = line_->receive();
        if (reply.find("\xa2ok\xc2") != reply.npos) {
            give_up("a file could not be read: " + std::string(reply.substr(0, receive_bytes)));
        }
        // a batch has one more, of its own
        const std::size_t good = count_of(reply, "\xa2ok\xc3");
        return good > 1 ? good - 1 : good;
    }

protected:
    void wait() {
        if (pid_ > 0) {
            ::waitpid(std::exchange(pid_, -1), nullptr, 0);
        }
    }

private:
    pid_t pid_ = -1;
    UniqueFd to_;
    UniqueFd from_;
    std::unique_ptr<Line> line_;
};

/// Both ends of the control line, which the sandbox has beside the module's pipes.
struct Control {
    Control() {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            give_up("cannot make a socket");
        }
        ours = UniqueFd(ends[0]);
        theirs = UniqueFd(ends[1]);
    }
    UniqueFd ours;
    UniqueFd theirs;
};

class Sandbox : public Child {
public:
    Sandbox(std::string prefix, Control control, const std::vector<std::string>& words)
        : Child(std::move(prefix), words[0], std::move(control.theirs)),
          control_(std::move(control.ours)) {
        Line line(control_.get(), control_.get());
        const Json folder = {{"host", words[3]}, {"guest", "/files"}, {"mode", "ro"}};
        line.send(wire::encode_msgpack({{"op", "load"},
                                        {"id", 1},
                                        {"module", words[1]},
                                        {"cache", words[2]},
                                        {"preopens", Json::array({folder})}}));
        (void)line.receive();  // hello
        const auto loaded = wire::decode_msgpack(line.receive());
        if (!loaded || loaded->value("ev", "") != "done") {
            give_up("it cannot be loaded: " + (loaded ? wire::encode_json(*loaded) : "garbage"));
        }
    }
    ~Sandbox() override {
        control_.reset();
        wait();
    }

private:
    UniqueFd control_;
};

/// The daemon's op `call`, over its socket.
class Daemon : public Side {
public:
    Daemon(std::string prefix, const std::string& path)
        : Side(std::move(prefix)),
          socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
          line_(socket_.get(), socket_.get()) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path.size() >= sizeof address.sun_path) {
            give_up("the socket's path is too long: " + path);
        }
        std::ranges::copy(path, std::begin(address.sun_path));
        if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            give_up("cannot connect to " + path + ": " + std::strerror(errno));
        }
    }

    void ask(const std::string& file) override { call(read_one(prefix() + file)); }
    void ask(Files files) override { call(batch_of(prefix(), files)); }

    std::size_t hear() override {
        std::size_t good = 0;
        for (;;) {
            const std::string_view event = line_.receive();
            if (event.find(R"("ev":"error")") != event.npos ||
                event.find(R"("ok":false)") != event.npos) {
                give_up("the daemon said " + std::string(event.substr(0, receive_bytes)));
            }
            good += count_of(event, R"("ok":true)");
            if (event.find(R"("ev":"done")") != event.npos) {
                return good > 1 ? good - 1 : good;
            }
        }
    }

private:
    void call(Json arguments) {
        const Json op = arguments["op"];
        arguments.erase("op");
        line_.send(wire::encode_json({{"v", 2},
                                      {"id", ++calls_},
                                      {"op", "call"},
                                      {"tool", "taglib"},
                                      {"name", op},
                                      {"args", std::move(arguments)}}));
    }

    UniqueFd socket_;
    Line line_;
    std::uint64_t calls_ = 0;
};

/// Reads them all with so many requests under way, each for `together` files, 0 for one without a
/// batch. The requests' times are from when they were sent.
Json measure(Side& side, Files files, std::size_t window, std::size_t together) {
    const std::size_t step = std::max<std::size_t>(together, 1);
    std::deque<Clock::time_point> under_way;
    Json each_us = Json::array();
    std::size_t sent = 0;
    std::size_t read = 0;
    const auto began = Clock::now();
    while (read < files.size()) {
        while (sent < files.size() && under_way.size() < window) {
            under_way.push_back(Clock::now());
            const Files next = files.subspan(sent, std::min(step, files.size() - sent));
            together == 0 ? side.ask(next.front()) : side.ask(next);
            sent += next.size();
        }
        if (under_way.empty()) {
            give_up(std::to_string(read) + " of " + std::to_string(files.size()) + " were read");
        }
        read += side.hear();
        each_us.push_back(us_between(under_way.front(), Clock::now()));
        under_way.pop_front();
    }
    return {{"ms", us_between(began, Clock::now()) / 1000}, {"each_us", std::move(each_us)}};
}

std::unique_ptr<Side> side_of(const std::vector<std::string>& words) {
    const std::vector<std::string> rest(words.begin() + std::min<long>(2, std::ssize(words)),
                                        words.end());
    if (words.size() == 3 && words[0] == "child") {
        return std::make_unique<Child>(words[1], rest[0]);
    }
    if (words.size() == 6 && words[0] == "sandbox") {
        return std::make_unique<Sandbox>(words[1], Control(), rest);
    }
    if (words.size() == 3 && words[0] == "daemon") {
        return std::make_unique<Daemon>(words[1], rest[0]);
    }
    give_up("usage: threadrunner-bench-tags child|sandbox|daemon PREFIX …; see its source");
}

void serve(const std::vector<std::string>& words) {
    const auto began = Clock::now();
    const auto side = side_of(words);
    for (std::string line; std::getline(std::cin, line);) {
        const auto order = wire::decode_json(line);
        if (!order) {
            give_up(order.error().message);
        }
        const auto files = order->at("files").get<std::vector<std::string>>();
        Json said = measure(*side, files, order->value("window", std::size_t{1}),
                            order->value("batch", std::size_t{0}));
        said["since_start_ms"] = us_between(began, Clock::now()) / 1000;
        std::cout << wire::encode_json(said) << std::endl;
    }
}

}  // namespace
}  // namespace threadrunner::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        threadrunner::bench::serve({argv + 1, argv + argc});
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "threadrunner-bench-tags: %s\n", error.what());
        return 1;
    }
}
