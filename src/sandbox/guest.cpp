#include "sandbox/guest.h"

#include <utility>
#include <variant>
#include <vector>
#include <wasmtime/func.hh>
#include <wasmtime/trap.hh>
#include <wasmtime/val.hh>

#include "base/limits.h"
#include "base/text.h"
#include "sandbox/file_calls.h"
#include "sandbox/refused_calls.h"
#include "sandbox/renaming.h"

namespace threadrunner::sandbox {
namespace {

constexpr std::uint64_t next_epoch = 1;

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
    std::vector<const char*> out;
    out.reserve(texts.size());
    for (const std::string& text : texts) {
        out.push_back(text.c_str());
    }
    return out;
}

/// Wasmtime tells where it was first, and why it ended after that.
std::string cause_of(std::string_view message) {
    constexpr std::string_view before_cause = "Caused by:";
    const std::size_t at = message.rfind(before_cause);
    return one_line(at == message.npos ? message : message.substr(at + before_cause.size()));
}

/// The function that the module was in, by its name where the module has names.
std::string place_of(const wasmtime::TrapError& trap) {
    const wasmtime::Trace trace =
        std::visit([](const auto& fault) { return fault.trace(); }, trap.data);
    if (trace.size() == 0) {
        return {};
    }
    const auto name = trace.begin()->func_name();
    return ", in " +
           (name ? utf8_repair(*name) : "function " + std::to_string(trace.begin()->func_index()));
}

std::unexpected<Error> not_unicode(std::string_view what) {
    return fail(ErrorCode::invalid_request, std::string(what) + " must be UTF-8");
}

}  // namespace

Guest::Guest(wasmtime::Engine& engine, wasmtime::Module module, std::vector<OpenGrant> grants,
             const Deadline& deadline)
    : deadline_(deadline),
      engine_(engine),
      module_(std::move(module)),
      grants_(std::move(grants)),
      store_(engine),
      linker_(engine) {}

Result<std::unique_ptr<Guest>> Guest::make(wasmtime::Engine& engine, wasmtime::Module module,
                                           const LoadOrder& order, std::vector<OpenGrant> grants,
                                           const Deadline& deadline) {
    std::unique_ptr<Guest> guest(new Guest(engine, std::move(module), std::move(grants), deadline));
    if (auto configured = guest->configure(order); !configured) {
        return std::unexpected(configured.error());
    }
    if (auto linked = guest->link(); !linked) {
        return std::unexpected(linked.error());
    }
    return guest;
}

Result<void> Guest::configure(const LoadOrder& order) {
    memory_mib_ = order.memory_mib;
    store_.limiter(order.memory_mib * static_cast<std::int64_t>(limits::mib),
                   limits::sandbox_table_elements_max, 1, limits::sandbox_tables_max, 1);
    // one epoch ahead: the control thread starts the next when a deadline passes. A later deadline
    // may have been set since
    store_.context().set_epoch_deadline(next_epoch);
    store_.epoch_deadline_callback(
        [this](wasmtime::Store::Context /*context*/,
               std::uint64_t& delta) -> wasmtime::Result<wasmtime::DeadlineKind> {
            if (deadline_.passed(Deadline::Clock::now())) {
                interrupted_ = true;
                return wasmtime::Error("its deadline has passed");
            }
            delta = next_epoch;
            return wasmtime::DeadlineKind::Continue;
        });

    wasmtime::WasiConfig wasi;
    make_file_calls_at_once(wasi);
    wasi.inherit_stdin();
    wasi.inherit_stdout();
    wasi.inherit_stderr();
    std::vector<std::string> arguments = {order.module.stem().string()};
    arguments.insert(arguments.end(), order.arguments.begin(), order.arguments.end());
    if (!wasi_config_set_argv(wasi.capi(), arguments.size(), pointers(arguments).data())) {
        return not_unicode("an argument");
    }
    std::vector<std::string> names;
    std::vector<std::string> values;
    for (const auto& [name, value] : order.variables) {
        names.push_back(name);
        values.push_back(value);
    }
    if (!wasi_config_set_env(wasi.capi(), names.size(), pointers(names).data(),
                             pointers(values).data())) {
        return not_unicode("a variable");
    }
    for (const OpenGrant& grant : grants_) {
        if (!wasi.preopen_dir(grant.path(), grant.guest, grant.writable)) {
            return fail(ErrorCode::invalid_request, "cannot grant a directory as " + grant.guest);
        }
    }
    if (auto set = store_.context().set_wasi(std::move(wasi)); !set) {
        return fail(ErrorCode::internal, one_line(set.err().message()));
    }
    return {};
}

Result<void> Guest::link() {
    if (auto defined = linker_.define_wasi(); !defined) {
        return fail(ErrorCode::internal, one_line(defined.err().message()));
    }
    if (auto refused = refuse_calls(linker_); !refused) {
        return refused;
    }
    return define_renaming(linker_, grants_);
}

Result<void> Guest::instantiate() {
    auto instance = linker_.instantiate(store_, module_);
    if (!instance) {
        const wasmtime::TrapError trap = instance.err();
        Error error = end_of(trap);
        const bool is_trap = std::holds_alternative<wasmtime::Trap>(trap.data) || interrupted_;
        if (!is_trap) {
            const bool memory = error.message.find("memory") != std::string::npos;
            error.code = memory ? ErrorCode::out_of_memory : ErrorCode::not_supported;
            error.message = "the module cannot start with " + std::to_string(memory_mib_) +
                            " MiB and what a tool may import: " + error.message;
        }
        return std::unexpected(std::move(error));
    }
    const auto start = instance.ok().get(store_, "_start");
    const auto* const function = start ? std::get_if<wasmtime::Func>(&*start) : nullptr;
    if (function == nullptr) {
        return fail(ErrorCode::not_supported,
                    "the module is no WASI command: it exports no function _start");
    }
    start_ = *function;
    return {};
}

Error Guest::run() {
    auto ended = start_->call(store_, std::vector<wasmtime::Val>());
    if (!ended) {
        return end_of(ended.err());
    }
    return {.code = ErrorCode::worker_crashed, .message = "the module ended with status 0"};
}

Error Guest::end_of(const wasmtime::TrapError& trap) const {
    if (const auto* const error = std::get_if<wasmtime::Error>(&trap.data)) {
        if (const auto status = error->i32_exit()) {
            return {.code = ErrorCode::worker_crashed,
                    .message = "the module ended with status " + std::to_string(*status)};
        }
    }
    return {.code = interrupted_ ? ErrorCode::timeout : ErrorCode::worker_crashed,
            .message = cause_of(trap.message()) + place_of(trap)};
}

}  // namespace threadrunner::sandbox
