#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "dummy/options.h"
#include "dummy/outbox.h"
#include "dummy/request.h"
#include "dummy/shapes.h"
#include "dummy/task.h"
#include "wire/decode.h"
#include "wire/fields.h"

namespace threadrunner::dummy {

/// The worker protocol, to be read as its definition. It is entirely passive: it is given frames
/// and the time, puts events into an outbox, and says when it wants to be called again. It owns
/// neither descriptor nor clock nor thread.
class Worker {
public:
    explicit Worker(const Options& options) : options_(options) {}

    /// The first frame of all.
    void hello();

    /// Takes one frame from the daemon. An error means that the stream has no meaning any more.
    [[nodiscard]] Result<void> receive(std::string_view payload, Clock::time_point now);

    /// Lets every task send what is due, in turns, until nothing is due or the outbox is full.
    void advance(Clock::time_point now);

    /// No new jobs; done() once those under way have ended, or been ended at the deadline.
    void shut_down(Clock::time_point deadline);
    [[nodiscard]] bool done() const {
        return over_ || (deadline_ && tasks_.empty() && outbox_.empty());
    }

    /// When advance() is wanted next; nothing: after a frame came or bytes went.
    [[nodiscard]] std::optional<Clock::time_point> wake() const {
        return fault_ || outbox_.full() ? deadline_ : wake_;
    }

    /// A fault that is due: everything before it has been sent. It is given out once.
    [[nodiscard]] std::optional<Fault> take_fault();

    [[nodiscard]] Outbox& outbox() { return outbox_; }

private:
    using Fields = wire::Fields;

    /// One op of the protocol; `id` is the job's, where it has one.
    struct Op {
        std::string_view name;
        bool has_id;
        void (Worker::*take)(std::int64_t id, Fields& fields, Clock::time_point now);
    };

    [[nodiscard]] static const Op* find_op(std::string_view name);
    void ping(std::int64_t id, Fields& fields, Clock::time_point now);
    void load(std::int64_t id, Fields& fields, Clock::time_point now);
    void route(std::int64_t id, Fields& fields, Clock::time_point now);
    void cancel(std::int64_t id, Fields& fields, Clock::time_point now);
    void credit(std::int64_t id, Fields& fields, Clock::time_point now);
    void shutdown(std::int64_t id, Fields& fields, Clock::time_point now);

    [[nodiscard]] Result<void> start_route(std::int64_t id, Fields& fields, Clock::time_point now);
    [[nodiscard]] Result<void> show(std::int64_t id, std::string_view path);
    [[nodiscard]] Result<void> start_generation(std::int64_t id, std::int64_t slot,
                                                Result<Request> request, const Shapes& shapes,
                                                Clock::time_point now);
    void send_document(std::int64_t id, const wire::Json& document);
    void send_error(std::int64_t id, const Error& error);
    [[nodiscard]] bool turn(Clock::time_point now);
    void end_all();

    Options options_;
    Outbox outbox_;
    std::map<std::int64_t, std::unique_ptr<Task>> tasks_;  ///< by job id
    std::optional<Clock::time_point> wake_;
    std::optional<Clock::time_point> deadline_;
    std::optional<Fault> fault_;
    bool over_ = false;          ///< the deadline has passed
    std::int64_t progress_ = 0;  ///< turns in which a task got on, and requests
};

}  // namespace threadrunner::dummy
