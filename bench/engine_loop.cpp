/// llama.cpp's server-context by itself: what the engine, the daemon and the socket are measured
/// against. It loads a model with the engine's own parameters and calls the route's handler in this
/// process.
///
///     threadrunner-bench-engine MODEL CONTEXT SLOTS THREADS CACHE_MIB
///
/// When it is ready it writes the line {"ready":true}. Then, for each line
/// {"path":"/completion","body":{...}} of stdin, it writes one line of stdout, when the answer is
/// whole: {"chunks":[[ms since the request,"data: ..."],...]}.

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/llama_log.h"
#include "engine/model_params.h"
#include "engine/routes.h"
#include "gguf/model_file.h"
#include "llama.h"
#include "server-context.h"
#include "wire/decode.h"

namespace threadrunner::bench {
namespace {

using Clock = std::chrono::steady_clock;
using wire::Json;

template <class T>
T value_of(Result<T> result) {
    if (!result) {
        throw std::runtime_error(result.error().message);
    }
    return *std::move(result);
}

std::int32_t number(std::string_view text) {
    std::int32_t out = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || rest != text.data() + text.size()) {
        throw std::runtime_error("a whole number is wanted, not '" + std::string(text) + "'");
    }
    return out;
}

engine::LoadSettings settings_of(const std::vector<std::string>& arguments) {
    if (arguments.size() != 5) {
        throw std::runtime_error(
            "usage: threadrunner-bench-engine MODEL CONTEXT SLOTS THREADS CACHE_MIB");
    }
    return {.path = arguments[0],
            .context = number(arguments[1]),
            .slots = number(arguments[2]),
            .threads = number(arguments[3]),
            .gpu_layers = -1,
            .cache_ram_mib = number(arguments[4])};
}

void write_line(const Json& document) {
    std::puts(wire::encode_json(document).c_str());
    std::fflush(stdout);
}

/// Runs one request; the time of a chunk is taken before anything is done with it.
Json answer(const server_routes& routes, const Json& request) {
    const std::function<bool()> should_stop = [] { return false; };
    const std::string path = request.at("path");
    const auto* const entry = value_of(engine::find_route("POST", path));
    const server_http_req http{
        .path = path, .body = wire::encode_json(request.at("body")), .should_stop = should_stop};
    Json chunks = Json::array();
    const auto started = Clock::now();
    const auto take = [&](std::string chunk) {
        const std::chrono::duration<double, std::milli> age = Clock::now() - started;
        chunks.push_back({age.count(), std::move(chunk)});
    };
    const server_http_res_ptr response = (routes.*entry->handler)(http);
    if (!response->is_stream()) {
        take(response->data);
    } else {
        for (bool more = true; more;) {
            std::string chunk;
            more = response->next(chunk);
            take(std::move(chunk));
        }
    }
    return {{"status", response->status}, {"chunks", std::move(chunks)}};
}

void answer_lines(const server_routes& routes) {
    write_line({{"ready", true}});
    for (std::string line; std::getline(std::cin, line);) {
        write_line(answer(routes, value_of(wire::decode_json(line))));
    }
}

void run(const std::vector<std::string>& arguments) {
    const engine::LoadSettings settings = settings_of(arguments);
    engine::capture_llama_log([](engine::LogLevel, std::string_view) {}, false);
    llama_backend_init();
    const auto file = value_of(gguf::check_model_file(settings.path));
    common_params params = value_of(engine::make_params(settings, file.facts));
    server_context context;
    if (!context.load_model(params)) {
        throw std::runtime_error(settings.path +
                                 " cannot be loaded: " + engine::take_llama_errors());
    }
    server_routes routes(params, context);
    routes.update_meta(context);
    std::exception_ptr failure;
    std::thread client([&] {
        try {
            answer_lines(routes);
        } catch (...) {
            failure = std::current_exception();
        }
        context.terminate();
    });
    context.start_loop();
    client.join();
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace
}  // namespace threadrunner::bench

int main(int argc, char** argv) {
    try {
        threadrunner::bench::run({argv + 1, argv + argc});
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "threadrunner-bench-engine: %s\n", error.what());
        return 1;
    }
}
