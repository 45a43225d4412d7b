#include "engine/devices.h"

#include <string>
#include <string_view>

#include "base/version.h"
#include "ggml-backend.h"

namespace threadrunner::engine {
namespace {

using wire::Json;

std::string_view kind_of(ggml_backend_dev_t device) {
    switch (ggml_backend_dev_type(device)) {
        case GGML_BACKEND_DEVICE_TYPE_CPU:
            return "cpu";
        case GGML_BACKEND_DEVICE_TYPE_GPU:
            return "gpu";
        case GGML_BACKEND_DEVICE_TYPE_IGPU:
            return "igpu";  // its memory is the host's
        default:
            return "other";
    }
}

Json describe(ggml_backend_dev_t device) {
    std::size_t free = 0;
    std::size_t total = 0;
    ggml_backend_dev_memory(device, &free, &total);
    return {{"name", ggml_backend_dev_name(device)},
            {"description", ggml_backend_dev_description(device)},
            {"kind", kind_of(device)},
            {"memory_bytes", total},
            {"free_bytes", free}};
}

Json cpu_features() {
    Json out = Json::array();
    const ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (cpu == nullptr) {
        return out;
    }
    ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(cpu);
    const auto features = reinterpret_cast<ggml_backend_get_features_t>(
        ggml_backend_reg_get_proc_address(registry, "ggml_backend_get_features"));
    for (const auto* feature = features ? features(registry) : nullptr;
         feature != nullptr && feature->name != nullptr; ++feature) {
        out.push_back(feature->name);
    }
    return out;
}

}  // namespace

Json describe_devices() {
    Json devices = Json::array();
    for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        devices.push_back(describe(ggml_backend_dev_get(i)));
    }
    return {{"version", version},
            {"llama.cpp", {{"version", llama_version}, {"commit", llama_commit}}},
            {"cpu", cpu_features()},
            {"devices", std::move(devices)}};
}

}  // namespace threadrunner::engine
