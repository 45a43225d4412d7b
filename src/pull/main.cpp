#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "pull/channel.h"
#include "pull/order.h"
#include "pull/puller.h"

namespace {

using namespace threadrunner;
using namespace threadrunner::pull;

constexpr int worker_fd = 3;

wire::Json failure(const Error& error) {
    return {
        {"ev", "error"}, {"id", 0}, {"code", traits(error.code).name}, {"message", error.message}};
}

wire::Json success(const Pulled& pulled) {
    return {{"ev", "done"},
            {"id", 0},
            {"slots", 1},
            {"meta",
             {{"name", pulled.name},
              {"path", pulled.path.string()},
              {"bytes", pulled.bytes},
              {"sha256", pulled.sha256},
              {"already", pulled.already}}}};
}

void serve(Channel& channel) {
    const auto frame = channel.await_order();
    if (!frame) {
        return;
    }
    const auto order = read_order(*frame);
    const auto pulled =
        order ? pull_model(*order, channel) : Result<Pulled>(std::unexpected(order.error()));
    if (!pulled && pulled.error().code == ErrorCode::cancelled) {
        return;
    }
    channel.send(pulled ? success(*pulled) : failure(pulled.error()));
    channel.await_end();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1) {
        const bool help = std::strcmp(argv[1], "--help") == 0;
        std::fputs(
            "threadrunner-pull fetches a model for the daemon, which starts it; to fetch "
            "one, run: threadrunner pull SOURCE\n",
            help ? stdout : stderr);
        return help ? EXIT_SUCCESS : static_cast<int>(ExitCode::usage);
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    Channel channel(worker_fd);
    serve(channel);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
