#pragma once

#include <wasmtime.h>  // the version

#include <cstdint>
#include <string>
#include <string_view>
#include <wasmtime/linker.hh>
#include <wasmtime/module.hh>

namespace threadrunner::sandbox {

inline constexpr std::string_view wasmtime_version = WASMTIME_VERSION;

/// Wasmtime as this program uses it: what it compiles in one process it loads in another only if
/// both asked for the same.
[[nodiscard]] wasmtime::Engine make_engine();

/// Wasmtime takes bytes that it only reads as if it might write to them.
[[nodiscard]] wasmtime::Span<std::uint8_t> span_of(std::string& bytes);

/// A message of Wasmtime's on one line: it lists causes and calls on lines of their own.
[[nodiscard]] std::string one_line(std::string_view message);

}  // namespace threadrunner::sandbox
