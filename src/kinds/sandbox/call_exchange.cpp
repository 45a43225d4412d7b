#include "kinds/sandbox/call_exchange.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "kinds/route_reply.h"
#include "wire/fields.h"

namespace threadrunner {
namespace {

using std::chrono::milliseconds;

class CallExchange : public Exchange {
public:
    CallExchange(work::Call call, std::optional<Clock::time_point> deadline)
        : call_(std::move(call)), deadline_(deadline) {}

    [[nodiscard]] wire::Json request() const override {
        wire::Json out = {{"op", "call"}, {"name", call_.op}, {"args", call_.args}};
        if (deadline_) {
            const auto left = std::chrono::ceil<milliseconds>(*deadline_ - Clock::now());
            out["deadline_ms"] = std::max(left, milliseconds(1)).count();
        }
        return out;
    }

    void receive(const wire::Json& frame, std::vector<Event>& out) override {
        wire::Fields fields(frame, "a frame");
        const std::string event = fields.text("ev").value_or("");
        if (event == "output") {
            take(frame.at("value"), out);
        } else if (event == "done") {
            out.push_back(too_large_ ? Event(*too_large_) : Event(read_done(frame)));
        } else if (event == "error") {
            out.push_back(Error{.code = error_code_from(fields.text("code").value_or("")),
                                .message = fields.text("message").value_or("")});
        }
    }

private:
    /// What no client could be sent is an error, not the end of its connection.
    void take(const wire::Json& value, std::vector<Event>& out) {
        constexpr std::size_t bytes_max = limits::socket_frame_bytes_max - limits::kib;
        const std::size_t bytes = wire::encode_json(value).size();
        if (bytes > bytes_max) {
            too_large_ = Error{.code = ErrorCode::too_large,
                               .message = "the answer has " + format_bytes(bytes) + ", more than " +
                                          format_bytes(bytes_max) + "; ask for less at once"};
        } else {
            out.push_back(event::Output{.value = value});
        }
    }

    work::Call call_;
    std::optional<Clock::time_point> deadline_;
    std::optional<Error> too_large_;
};

}  // namespace

std::unique_ptr<Exchange> call_exchange(const Job& job) {
    const auto* call = std::get_if<work::Call>(&job.spec.work);
    return call == nullptr ? nullptr : std::make_unique<CallExchange>(*call, job.spec.deadline);
}

}  // namespace threadrunner
