#include "pull/order.h"

#include "wire/fields.h"

namespace threadrunner::pull {

Result<Order> read_order(const wire::Json& frame) {
    constexpr std::int64_t day_ms = 86'400'000;
    wire::Fields fields(frame, "the order");
    const auto text = [&](std::string_view name) { return fields.text(name).value_or(""); };
    const auto wait = [&](std::string_view name, std::int64_t min) {
        return std::chrono::milliseconds(fields.required(fields.integer(name, min, day_ms), name));
    };
    Order order{.source = fields.required(fields.text("source"), "source"),
                .url = text("url"),
                .endpoint = text("endpoint"),
                .repository = text("repository"),
                .file = text("file"),
                .token = text("token"),
                .name = text("name"),
                .sha256 = text("sha256"),
                .folder = fields.required(fields.text("folder"), "folder"),
                .work = fields.required(fields.text("work"), "work"),
                .limit_bytes = fields.integer("limit_bytes", 0).value_or(0),
                .attempts = fields.integer("attempts", 1).value_or(1),
                .connect = wait("connect_ms", 1),
                .stall = wait("stall_ms", 1),
                .retry = wait("retry_ms", 0),
                .wait = wait("wait_ms", 0)};
    if (order.url.empty() == (order.endpoint.empty() || order.repository.empty())) {
        fields.refuse("the order names neither a URL nor a repository");
    }
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    return order;
}

}  // namespace threadrunner::pull
