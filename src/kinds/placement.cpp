#include "kinds/placement.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "wire/decode.h"
#include "wire/fields.h"

namespace threadrunner {
namespace {

constexpr double usable = 0.95;  ///< of what a device had free

/// A part of a sum of bytes, rounded up.
std::uint64_t part(std::uint64_t bytes, double share) {
    const double rounded = std::ceil(static_cast<double>(bytes) * share);
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    return rounded >= static_cast<double>(most) ? most : static_cast<std::uint64_t>(rounded);
}

}  // namespace

Result<std::vector<ComputeDevice>> read_devices(std::string_view json) {
    const auto document = wire::decode_json(json);
    if (!document) {
        return std::unexpected(document.error());
    }
    std::vector<ComputeDevice> out;
    const auto list = document->find("devices");
    if (!document->is_object() || list == document->end() || !list->is_array()) {
        return fail(ErrorCode::invalid_request, "it names no devices");
    }
    for (const wire::Json& device : *list) {
        wire::Fields fields(device, "a device");
        const bool has_memory = fields.required(fields.text("kind"), "kind") == "gpu";
        ComputeDevice read{
            .name = fields.required(fields.text("name"), "name"),
            .free_bytes = static_cast<std::uint64_t>(fields.integer("free_bytes", 0).value_or(0))};
        if (auto checked = fields.check(); !checked) {
            return std::unexpected(checked.error());
        }
        if (has_memory && read.free_bytes > 0) {
            out.push_back(std::move(read));
        }
    }
    return out;
}

DeviceBytes device_limits(const std::vector<ComputeDevice>& devices) {
    DeviceBytes out;
    for (const ComputeDevice& device : devices) {
        out[device.name] = part(device.free_bytes, usable);
    }
    return out;
}

DeviceBytes place(const gguf::MemoryEstimate& memory, std::uint64_t blocks,
                  std::uint64_t gpu_layers, const std::vector<ComputeDevice>& devices) {
    const std::string host(host_device);
    if (devices.empty() || gpu_layers == 0) {
        return {{host, memory.total_bytes()}};
    }
    const std::uint64_t layers = gguf::saturating_add(blocks, 1);
    const double away =
        static_cast<double>(std::min(gpu_layers, layers)) / static_cast<double>(layers);
    const std::uint64_t stored = gguf::saturating_add(memory.weights_bytes, memory.kv_bytes);
    double free = 0;
    for (const ComputeDevice& device : devices) {
        free += static_cast<double>(device.free_bytes);
    }
    DeviceBytes out = {{host, gguf::saturating_add(part(stored, 1 - away), memory.compute_bytes)}};
    for (const ComputeDevice& device : devices) {
        const double share = away * static_cast<double>(device.free_bytes) / free;
        out[device.name] = gguf::saturating_add(part(stored, share), memory.compute_bytes);
    }
    return out;
}

std::string describe(const gguf::MemoryEstimate& memory, std::uint64_t slots, std::uint64_t context,
                     std::uint64_t extra_bytes) {
    return "weights " + format_bytes(memory.weights_bytes) + ", context of " +
           std::to_string(slots) + " x " + std::to_string(context) + " tokens " +
           format_bytes(memory.kv_bytes) + ", computing " + format_bytes(memory.compute_bytes) +
           ", prompt cache and process " + format_bytes(extra_bytes);
}

}  // namespace threadrunner
