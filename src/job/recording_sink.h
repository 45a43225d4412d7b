#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "job/job.h"
#include "wire/decode.h"
#include "wire/event.h"

namespace threadrunner {

/// For tests: keeps what a job said.
class RecordingSink : public EventSink {
public:
    void deliver(std::uint64_t seq, const Event& event, unsigned credits) override {
        seqs.push_back(seq);
        events.push_back(event);
        unpaid += credits;
    }

    /// What the job said, each event by its name and what it is about:
    /// "accepted, queued 1, token a, done stop".
    [[nodiscard]] std::string story() const {
        std::string out;
        for (const Event& event : events) {
            out += (out.empty() ? "" : ", ") + told(event);
        }
        return out;
    }

    /// The message of the error that ended the job; empty when none has.
    [[nodiscard]] std::string error_message() const {
        const auto* error = events.empty() ? nullptr : std::get_if<Error>(&events.back());
        return error == nullptr ? "" : error->message;
    }

    [[nodiscard]] bool ended() const { return !events.empty() && ends_job(events.back()); }

    std::vector<std::uint64_t> seqs;
    std::vector<Event> events;
    unsigned unpaid = 0;  ///< credits to be given back

private:
    static std::string told(const Event& event) {
        const wire::Json json = wire::event_to_json(event);
        std::string out = json.at("ev").get<std::string>();
        for (const char* member : {"position", "fraction", "text", "value", "reason", "code"}) {
            if (const auto found = json.find(member); found != json.end()) {
                out += " " + (found->is_string() ? found->get<std::string>() : found->dump());
            }
        }
        return out;
    }
};

}  // namespace threadrunner
