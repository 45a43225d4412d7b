#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "tool/grants.h"
#include "wire/decode.h"

namespace threadrunner {

/// The files that a call of a tool names or brings. Reads and writes the disk: keep it off the
/// event loop.
class CallFiles {
public:
    /// What calls of one worker share.
    struct Room {
        std::string tool;
        tool::Grants grants;
        std::filesystem::path folder;  ///< for bytes that come instead of a path; empty: none do
    };

    /// The name under which a tool knows a call's private folder.
    static constexpr std::string_view folder_guest = "/call";

    /// Puts the tool's words for paths into `args`: for `path`, and for that of each of `requests`.
    /// `data` without a path becomes a file of the private folder, called `name`. Errors: forbidden
    /// for a path that the tool was not given, invalid_request for data that is no base64.
    [[nodiscard]] Result<void> prepare(const Room& room, wire::Json& args);

    /// Whether the call brought bytes: after it, add_data() has something to look at.
    [[nodiscard]] bool has_data() const { return !data_file_.empty(); }
    /// Adds `data` to the answer if the tool has changed the bytes.
    [[nodiscard]] Result<void> add_data(wire::Json& answer) const;

private:
    [[nodiscard]] Result<void> take_data(const Room& room, wire::Json& args);

    std::filesystem::path data_file_;
    std::string data_;  ///< as it came
};

/// Whether a call brings the bytes of a file instead of its path.
[[nodiscard]] bool brings_data(const wire::Json& args);

/// The value with bytes as base64, so that it can be put into JSON.
void encode_bytes(wire::Json& value);

}  // namespace threadrunner
