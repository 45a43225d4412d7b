#include "dummy/load.h"

namespace threadrunner::dummy {
namespace {

constexpr std::int64_t steps = 10;

}  // namespace

Load::Load(std::int64_t id, const Options& options, Clock::time_point now)
    : Task(id), options_(options), started_(now) {}

Step Load::advance(Clock::time_point now, std::size_t /*events_max*/, Outbox& outbox) {
    const auto due = started_ + std::chrono::milliseconds(options_.load_ms) * steps_sent_ / steps;
    if (now < due) {
        return {.state = Step::State::waits, .until = due};
    }
    const double fraction = static_cast<double>(steps_sent_) / static_cast<double>(steps);
    outbox.put({{"ev", "load"}, {"id", id()}, {"stage", "model"}, {"fraction", fraction}});
    if (steps_sent_++ < steps) {
        return {.state = Step::State::ready, .got_on = true};
    }
    outbox.put({{"ev", "done"},
                {"id", id()},
                {"slots", options_.slots},
                {"meta",
                 {{"name", "dummy"},
                  {"architecture", "dummy"},
                  {"parameters", 0},
                  {"size_bytes", 0},
                  {"context", 0},
                  {"context_trained", 0},
                  {"vocabulary", 256},
                  {"template", "model"}}}});
    return {.state = Step::State::ended, .got_on = true};
}

void Load::cancel(Outbox& outbox) {
    outbox.put({{"ev", "done"}, {"id", id()}, {"reason", "cancelled"}});
}

}  // namespace threadrunner::dummy
