#include "pull/patience.h"

#include <algorithm>

#include "base/text.h"

namespace threadrunner::pull {
namespace {

using std::chrono::milliseconds;

bool may_help(long status) {
    constexpr long timeout = 408;
    constexpr long out_of_range = 416;
    constexpr long too_many = 429;
    return status < 400 || status >= 500 || status == timeout || status == too_many ||
           status == out_of_range;
}

std::string fault_of(const HttpResult& result) {
    if (!result.fault.empty()) {
        return result.fault;
    }
    return result.head.status >= 300 ? "the server answered " + std::to_string(result.head.status)
                                     : "the answer ended too early";
}

}  // namespace

Result<void> Patience::refuse(const HttpResult& result) const {
    const long status = result.head.status;
    const std::string answered = what_ + ": the server answered " + std::to_string(status);
    if (result.hopeless) {
        return fail(ErrorCode::invalid_request, what_ + ": " + result.fault);
    }
    if (status == 401 || status == 403) {
        const ErrorCode code = status == 401 ? ErrorCode::unauthorized : ErrorCode::forbidden;
        if (!order_.url.empty()) {
            return fail(code, answered + "; it is not for everybody: use an address that is");
        }
        return fail(code,
                    answered + (order_.token.empty()
                                    ? "; it wants a token: set HF_TOKEN, or the setting pull.token"
                                    : "; it does not take this token for it: accept the model's "
                                      "terms on its page, or use another token"));
    }
    if (status == 404 || status == 410) {
        return fail(ErrorCode::not_found, answered +
                                              "; there is no such thing (any more): check "
                                              "the name");
    }
    return fail(ErrorCode::invalid_request, answered + "; it does not serve this");
}

Result<void> Patience::another(const HttpResult& result, bool progressed) {
    if (result.hopeless || (result.fault.empty() && !may_help(result.head.status))) {
        return refuse(result);
    }
    fruitless_ = progressed ? 1 : fruitless_ + 1;
    if (fruitless_ >= order_.attempts) {
        return fail(ErrorCode::unreachable,
                    what_ + ": " + fault_of(result) + "; " + std::to_string(fruitless_) +
                        " tries brought nothing. What came so far is kept: pull again to go on");
    }
    milliseconds wait = order_.retry;
    for (std::int64_t i = 1; i < fruitless_ && wait < order_.wait; ++i) {
        wait *= 2;
    }
    wait = std::min(wait, order_.wait);
    if (const auto asked = result.head.retry_after; asked && result.fault.empty()) {
        if (*asked > order_.wait) {
            return fail(ErrorCode::overloaded,
                        what_ + ": the server has too much to do and asks to wait " +
                            format_duration(*asked) + "; pull again then to go on");
        }
        wait = *asked;
    }
    return channel_.wait(wait);
}

}  // namespace threadrunner::pull
