#pragma once

#include <span>
#include <string_view>

namespace threadrunner::http {

/// A file of the page, as it was when the daemon was built.
struct PageFile {
    std::string_view name;
    std::string_view type;  ///< of its content
    std::string_view etag;  ///< of its bytes, as the header has it
    std::string_view bytes;
};

/// All of them, index.html first. Made by the build of page/ and of the libraries that it uses; see
/// page/embed.cmake.
[[nodiscard]] std::span<const PageFile> page_files();

}  // namespace threadrunner::http
