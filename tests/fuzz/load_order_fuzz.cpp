#include <algorithm>

#include "base/limits.h"
#include "invariant.h"
#include "sandbox/load_order.h"

using threadrunner::fuzz::must_hold;
using threadrunner::sandbox::Grant;
namespace limits = threadrunner::limits;
namespace wire = threadrunner::wire;

namespace {

bool is_plain(const std::string& text) {
    return text.size() <= limits::sandbox_text_bytes_max && text.find('\0') == text.npos;
}

}  // namespace

/// Whatever a control frame holds, what becomes of a load is within its bounds, or refused with a
/// reason.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto frame = wire::decode_msgpack(threadrunner::fuzz::as_text(data, size));
    if (!frame) {
        return 0;
    }
    const auto order = threadrunner::sandbox::read_load_order(*frame);
    if (!order) {
        must_hold(order.error().code == threadrunner::ErrorCode::invalid_request &&
                      !order.error().message.empty(),
                  "a refusal says why");
        return 0;
    }
    must_hold(order->module.is_absolute() && is_plain(order->module.string()), "a module is named");
    must_hold(order->memory_mib > 0 && order->memory_mib <= limits::sandbox_memory_mib_max,
              "memory is bounded");
    for (const Grant& grant : order->grants) {
        must_hold(grant.host.is_absolute() && grant.guest.starts_with('/') &&
                      is_plain(grant.host.string()) && is_plain(grant.guest),
                  "a grant has two absolute paths");
        must_hold(std::ranges::count(order->grants, grant.guest, &Grant::guest) == 1,
                  "no two grants share a name");
    }
    must_hold(std::ranges::all_of(order->arguments, &is_plain), "arguments are plain");
    for (const auto& [name, value] : order->variables) {
        must_hold(is_plain(name) && is_plain(value) && !name.empty(), "variables are plain");
    }
    must_hold(std::max({order->grants.size(), order->variables.size(), order->arguments.size()}) <=
                  limits::sandbox_list_entries_max,
              "lists are bounded");
    return 0;
}
