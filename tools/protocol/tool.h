#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "wire/decode.h"

namespace threadrunner::tools {

using wire::Json;

/// What an operation answers: the members of its reply beside `ok`, or in words why there are none.
using Answer = std::expected<Json, std::string>;

/// Shorthand for the failing branch of an Answer and its like.
[[nodiscard]] inline std::unexpected<std::string> refuse(std::string message) {
    return std::unexpected(std::move(message));
}

/// One thing that a tool does, as `describe` tells it to people, models and MCP clients.
struct Operation {
    std::string name;     ///< `op` of its requests
    std::string summary;  ///< a sentence
    Json arguments;       ///< JSON schema of a request's other members
    bool writes;          ///< it changes files
    std::function<Answer(const Json& request)> run;
};

/// Makes replies of requests: MessagePack maps both, see docs/tools/write-your-own.md. To the
/// tool's own operations it adds `describe` and `batch`, and it gives a request's `id` back.
class Tool {
public:
    Tool(std::string name, std::string version, std::vector<Operation> operations);
    Tool(const Tool&) = delete;  // its operations know it
    Tool& operator=(const Tool&) = delete;

    /// The reply to the request that these bytes are, a frame's payload. Whatever is wrong with the
    /// request is said in the reply, which is never larger than a frame may be.
    [[nodiscard]] std::string reply_to(std::string_view payload) const;

    /// The reply to one that cannot be read at all.
    [[nodiscard]] static std::string refusal(std::string_view why);

    static constexpr std::size_t frame_bytes_max = limits::worker_frame_bytes_max;

private:
    [[nodiscard]] Json reply(const Json& request, bool in_batch) const;
    [[nodiscard]] Answer answer(const Json& request, bool in_batch) const;
    [[nodiscard]] Answer batch(const Json& request) const;
    [[nodiscard]] Json describe() const;

    std::string name_;
    std::string version_;
    std::vector<Operation> operations_;
};

}  // namespace threadrunner::tools
