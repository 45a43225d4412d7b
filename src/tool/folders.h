#pragma once

#include <filesystem>
#include <vector>

#include "base/paths.h"

/// Where tools and what belongs to them lie.
namespace threadrunner::tool {

/// Tools that were installed, each in a folder of its name.
[[nodiscard]] std::filesystem::path installed_folder(const Home& home);

/// Where tools lie that came with the programs: beside them in a build tree, else in the prefix's
/// share/threadrunner. Whether these exist is not said.
[[nodiscard]] std::vector<std::filesystem::path> shipped_folders();

/// What Wasmtime made of modules. It is trusted: nobody else's to write to.
[[nodiscard]] std::filesystem::path compiled_modules(const Home& home);

/// Private folders of calls that come with bytes instead of a path.
[[nodiscard]] std::filesystem::path call_folders(const Home& home);

}  // namespace threadrunner::tool
