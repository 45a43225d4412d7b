#include "sandbox/runtime.h"

#include "base/limits.h"
#include "base/text.h"

namespace threadrunner::sandbox {

wasmtime::Engine make_engine() {
    wasmtime::Config config;
    config.epoch_interruption(true);  // deadlines
    config.wasm_threads(false);       // one module, one thread: nothing runs on behind a deadline
    config.wasm_memory64(false);
    config.wasm_multi_memory(false);  // the limit of memory is that of one
    return wasmtime::Engine(std::move(config));
}

wasmtime::Span<std::uint8_t> span_of(std::string& bytes) {
    return {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

std::string one_line(std::string_view message) {
    constexpr std::string_view blanks = " \t\r\0";
    std::string out;
    while (!message.empty()) {
        const std::string_view line = trimmed(take_entry(message, "\n"), blanks);
        if (line.empty()) {
            continue;
        }
        out += out.empty() ? "" : out.ends_with(':') ? " " : "; ";
        out += line;
    }
    return utf8_repair(out.substr(0, limits::log_line_bytes_max));
}

}  // namespace threadrunner::sandbox
