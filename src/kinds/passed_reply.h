#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "wire/event.h"

namespace threadrunner {

/// Passes the frames that answer a route (head, body, done, error) on as events, untouched. Only
/// errors are read, an answer with the status of one and the event that breaks a stream off: they
/// end the job, for each door has a shape of its own for them.
class PassedReply {
public:
    void receive(const wire::Json& frame, std::vector<Event>& out);

private:
    void on_stream(std::string data, std::vector<Event>& out);
    void on_done(const wire::Json& frame, std::vector<Event>& out) const;

    std::int64_t status_ = 200;
    bool streams_ = false;
    std::string error_document_;
    std::optional<Error> broken_off_;  ///< told in a stream, and the job's end
};

}  // namespace threadrunner
