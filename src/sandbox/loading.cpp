#include "sandbox/loading.h"

#include <utility>

#include "base/limits.h"
#include "sandbox/confinement.h"
#include "sandbox/log_line.h"
#include "sandbox/module_file.h"

namespace threadrunner::sandbox {

Result<Loading> Loading::begin(const wire::Json& frame) {
    auto order = read_load_order(frame);
    if (!order) {
        return std::unexpected(order.error());
    }
    auto grants = open_grants(order->grants);
    if (!grants) {
        return std::unexpected(grants.error());
    }
    auto file = read_module(order->module);
    if (!file) {
        return std::unexpected(file.error());
    }
    Loading loading(*std::move(order));
    loading.grants_ = *std::move(grants);
    loading.sha256_ = file->sha256;
    loading.open_cache();
    if (loading.take_cached()) {
        return loading;
    }
    auto compilation = Compilation::start(std::move(file->bytes));
    if (!compilation) {
        return std::unexpected(compilation.error());
    }
    loading.compilation_.emplace(*std::move(compilation));
    loading.give_up_at_ = Clock::now() + limits::sandbox_compile_within;
    return loading;
}

void Loading::open_cache() {
    if (order_.cache.empty()) {
        return;
    }
    auto cache = ModuleCache::open(order_.cache, wasmtime_version);
    if (cache) {
        cache_.emplace(*std::move(cache));
    } else {
        write_log_line("warning", cache.error().message);
    }
}

bool Loading::take_cached() {
    auto compiled = cache_ ? cache_->find(sha256_) : std::nullopt;
    if (!compiled) {
        return false;
    }
    auto module = wasmtime::Module::deserialize(engine_, span_of(*compiled));
    if (!module) {
        return false;  // for another processor, say: it is compiled anew
    }
    module_ = module.ok();
    cached_ = true;
    return true;
}

Result<void> Loading::finish_compiling() {
    auto compiled = compilation_->finish();
    compilation_.reset();
    if (!compiled) {
        return fail(compiled.error().code,
                    order_.module.string() + " cannot be compiled: " + compiled.error().message);
    }
    if (cache_) {
        if (auto stored = cache_->store(sha256_, *compiled); !stored) {
            write_log_line("warning", stored.error().message);
        }
    }
    auto module = wasmtime::Module::deserialize(engine_, span_of(*compiled));
    if (!module) {
        return fail(ErrorCode::internal, one_line(module.err().message()));
    }
    module_ = module.ok();
    return {};
}

Result<std::unique_ptr<Guest>> Loading::make_guest(const Deadline& deadline) {
    auto guest = Guest::make(engine_, *module_, order_, std::move(grants_), deadline);
    if (!guest) {
        return guest;
    }
    if (auto confined = confine((*guest)->grants()); !confined) {
        return std::unexpected(confined.error());
    }
    return guest;
}

}  // namespace threadrunner::sandbox
