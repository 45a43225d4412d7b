#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "pull/channel.h"
#include "pull/order.h"
#include "wire/decode.h"

namespace threadrunner::pull {

/// A file of a repository, as its listing has it.
struct ListedFile {
    std::string path;
    std::uint64_t bytes = 0;
    std::string sha256;  ///< empty where it is too small to be kept apart
};

/// The route that lists a repository's files, and that of one of them:
/// ENDPOINT/api/models/OWNER/NAME/tree/main?recursive=true and
/// ENDPOINT/OWNER/NAME/resolve/main/PATH.
[[nodiscard]] std::string listing_url(const Order& order);
[[nodiscard]] std::string file_url(const Order& order, std::string_view path);

/// A listing: [{"type":"file","path":…,"size":…,"lfs":{"oid":SHA-256,"size":…}}, …].
[[nodiscard]] Result<std::vector<ListedFile>> read_listing(std::string_view json);

/// The files of the model that is wanted: one, or all parts in order. `wanted` is a path, a name of
/// a file without its folder, or a quantisation; empty: the only model there is, or its Q4_K_M.
/// not_found lists what there is.
[[nodiscard]] Result<std::vector<ListedFile>> choose_files(const std::vector<ListedFile>& files,
                                                           const std::string& wanted,
                                                           const std::string& repository);

/// Asks for the listing and chooses.
[[nodiscard]] Result<std::vector<RemoteFile>> find_files(const Order& order, Channel& channel);

}  // namespace threadrunner::pull
