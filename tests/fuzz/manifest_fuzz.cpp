#include "invariant.h"
#include "tool/manifest.h"

using threadrunner::fuzz::must_hold;
using namespace threadrunner::tool;

/// Whatever a manifest says, a tool gets no more than a manifest can give.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::filesystem::path file = "/tools/t/tool.toml";
    const auto manifest = parse_manifest(threadrunner::fuzz::as_text(data, size), file);
    if (!manifest) {
        must_hold(manifest.error().message.starts_with(file.string()), "a fault names its file");
        return 0;
    }
    must_hold(check_name(manifest->name).has_value(), "its name can be a folder's");
    const std::string module = manifest->module.lexically_normal().string();
    must_hold(module.starts_with("/tools/t/"), "its module is in its folder");
    must_hold(manifest->memory_mib <= threadrunner::limits::tool_memory_mib_max,
              "memory is bounded");
    must_hold(
        manifest->instances >= 1 && manifest->instances <= threadrunner::limits::tool_instances_max,
        "processes are bounded");
    for (const threadrunner::Grant& grant : manifest->preopens) {
        must_hold(is_guest_path(grant.guest), "a directory has a plain name");
        must_hold(grant.host.starts_with('/'), "a directory is somewhere");
    }
    return 0;
}
