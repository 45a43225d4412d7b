#include "tool/folders.h"

#include <system_error>

namespace threadrunner::tool {

namespace fs = std::filesystem;

fs::path installed_folder(const Home& home) { return home.root / "tools"; }

std::vector<fs::path> shipped_folders() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    if (error) {
        return {};
    }
    // the programs lie in bin, or the daemon in libexec/threadrunner
    const fs::path above = self.parent_path().parent_path();
    const fs::path share = fs::path("share") / "threadrunner" / "tools";
    return {above / "tools", above / share, above.parent_path() / share};
}

fs::path compiled_modules(const Home& home) { return home.cache() / "modules"; }

fs::path call_folders(const Home& home) { return home.cache() / "calls"; }

}  // namespace threadrunner::tool
