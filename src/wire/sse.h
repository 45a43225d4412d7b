#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace threadrunner::wire {

/// Cuts a stream of server-sent events into the data of each. Fields other than `data` are ignored.
/// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
class SseReader {
public:
    /// Calls `on_data` for every event that is whole, in order; a view is valid during the call.
    void push(std::string_view bytes, const std::function<void(std::string_view)>& on_data);

    /// Bytes of an event that is not whole yet.
    [[nodiscard]] std::size_t held() const { return rest_.size() + data_.size(); }

private:
    void take_line(std::string_view line, const std::function<void(std::string_view)>& on_data);

    std::string rest_;  ///< a line that has not ended yet
    std::string data_;  ///< of the event at hand
};

}  // namespace threadrunner::wire
