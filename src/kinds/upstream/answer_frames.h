#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "kinds/upstream/http_message.h"
#include "wire/decode.h"
#include "wire/usage.h"

namespace threadrunner {

/// Turns one HTTP answer into the frames with which an engine answers a `route`: `head`, a `body`
/// for what is whole (server-sent events as they come, a document at its end) and `done` with the
/// numbers of tokens. An error of any step is what the job ends with. Passive: no socket here.
class AnswerFrames {
public:
    /// `id` is the route's; `server` is how messages call the server.
    AnswerFrames(std::int64_t id, std::string server) : id_(id), server_(std::move(server)) {}

    [[nodiscard]] Result<wire::Json> head(const HttpHead& head);

    /// Takes bytes of the body; a frame if that made something whole.
    [[nodiscard]] Result<std::optional<wire::Json>> body(std::string_view bytes);

    /// The answer is over: the frame of what was collected, if any.
    [[nodiscard]] Result<std::optional<wire::Json>> rest();
    [[nodiscard]] wire::Json done() const;

private:
    [[nodiscard]] wire::Json body_frame(std::string data);

    std::int64_t id_;
    std::string server_;
    bool streams_ = false;
    std::size_t bytes_max_ = 0;  ///< of what may be collected
    std::string collected_;
    std::size_t searched_ = 0;  ///< of collected_, those that end no event
    wire::UsageReader usage_;
};

}  // namespace threadrunner
