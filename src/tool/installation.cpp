#include "tool/installation.h"

#include <array>
#include <fstream>
#include <string_view>
#include <system_error>

#include "base/private_directory.h"
#include "base/text.h"
#include "base/tool_limits.h"

namespace threadrunner::tool {
namespace {

namespace fs = std::filesystem;

/// WebAssembly, 5.5.16: the first bytes of a module in binary.
constexpr std::string_view magic("\0asm", 4);

Result<void> check_module(const fs::path& module) {
    std::error_code error;
    const bool is_file = fs::is_regular_file(module, error);
    const std::uint64_t bytes = is_file ? fs::file_size(module, error) : 0;
    std::array<char, magic.size()> begin{};
    std::ifstream(is_file ? module : fs::path("/dev/null"), std::ios::binary)
        .read(begin.data(), begin.size());
    if (error || std::string_view(begin.data(), begin.size()) != magic) {
        return fail(ErrorCode::invalid_request, module.string() + " is no WebAssembly module");
    }
    if (bytes > limits::tool_module_bytes_max) {
        return fail(ErrorCode::too_large, module.string() + " has " + format_bytes(bytes) +
                                              "; a module has at most " +
                                              format_bytes(limits::tool_module_bytes_max));
    }
    return {};
}

std::unexpected<Error> cannot(const std::string& action, const std::error_code& error) {
    return fail_system(ErrorCode::internal, "cannot " + action, error.value());
}

/// A name beside the tools that no tool has: what is on its way in or out.
fs::path passing(const Registry& registry, const std::string& name) {
    return registry.installed() / ("." + name);
}

Result<void> copy(const Manifest& manifest, const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::remove_all(to, error);
    const fs::path module = to / manifest.module.lexically_relative(from);
    fs::create_directories(module.parent_path(), error);
    if (!error) {
        fs::copy_file(manifest.module, module, error);
    }
    if (!error) {
        fs::copy_file(from / manifest_name, to / manifest_name, error);
    }
    if (error) {
        const auto fault = cannot("copy " + from.string() + " to " + to.string(), error);
        fs::remove_all(to, error);
        return fault;
    }
    return {};
}

}  // namespace

Result<Tool> install(const Registry& registry, const fs::path& folder) {
    const auto manifest = read_manifest(folder);
    if (!manifest) {
        return std::unexpected(manifest.error());
    }
    if (auto checked = check_module(manifest->module); !checked) {
        return std::unexpected(checked.error());
    }
    const fs::path place = registry.installed() / manifest->name;
    if (std::error_code error; fs::exists(place, error)) {
        return fail(ErrorCode::conflict, "there is a tool '" + manifest->name +
                                             "' already; first: threadrunner tool remove " +
                                             manifest->name);
    }
    if (auto made = create_private_directory(registry.installed()); !made) {
        return std::unexpected(made.error());
    }
    const fs::path on_its_way = passing(registry, manifest->name);
    if (auto copied = copy(*manifest, folder, on_its_way); !copied) {
        return std::unexpected(copied.error());
    }
    std::error_code error;
    fs::rename(on_its_way, place, error);
    if (error) {
        return cannot("rename " + on_its_way.string(), error);
    }
    return registry.find(manifest->name);
}

Result<void> remove(const Registry& registry, const std::string& name) {
    if (auto checked = check_name(name); !checked) {
        return checked;
    }
    const fs::path place = registry.installed() / name;
    std::error_code error;
    if (!fs::exists(place, error)) {
        const auto found = registry.find(name);
        return found ? fail(ErrorCode::conflict,
                            "the tool '" + name + "' came with the programs and cannot be removed")
                     : std::unexpected(found.error());
    }
    const fs::path on_its_way = passing(registry, name);
    fs::remove_all(on_its_way, error);
    fs::rename(place, on_its_way, error);
    if (error) {
        return cannot("remove " + place.string(), error);
    }
    fs::remove_all(on_its_way, error);
    return {};
}

}  // namespace threadrunner::tool
