#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wire/event.h"

namespace threadrunner {

/// Passes the frames that answer a route (head, body, done, error) on as events, untouched. Only an
/// answer with the status of an error is read: it ends the job with that error, for each door has a
/// shape of its own for those.
class PassedReply {
public:
    void receive(const wire::Json& frame, std::vector<Event>& out);

private:
    void on_done(const wire::Json& frame, std::vector<Event>& out) const;

    std::int64_t status_ = 200;
    std::string error_document_;
};

}  // namespace threadrunner
