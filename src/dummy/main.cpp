#include <cstdio>
#include <cstdlib>
#include <span>

#include "dummy/options.h"
#include "dummy/stream.h"

namespace {

constexpr int worker_fd = 3;

int usage_error(const threadrunner::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.message.c_str());
    return static_cast<int>(threadrunner::ExitCode::usage);
}

}  // namespace

int main(int argc, char** argv) {
    using namespace threadrunner;
    const auto options =
        dummy::parse_options(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    if (!options) {
        return usage_error(options.error());
    }
    if (options->help) {
        std::fputs(dummy::options_help().c_str(), stdout);
        return EXIT_SUCCESS;
    }
    for (std::int64_t line = 1; line <= options->stderr_lines; ++line) {
        std::fprintf(stderr, "info: line %lld of %lld\n", static_cast<long long>(line),
                     static_cast<long long>(options->stderr_lines));
    }
    if (const auto served = dummy::serve(worker_fd, *options); !served) {
        std::fprintf(stderr, "error: %s\n", served.error().message.c_str());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
