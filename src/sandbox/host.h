#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"
#include "sandbox/control.h"
#include "sandbox/deadline.h"
#include "sandbox/guest_thread.h"
#include "sandbox/loading.h"
#include "wire/fields.h"

namespace threadrunner::sandbox {

/// The sandbox's side of the worker protocol: one load, then a module that speaks with the daemon
/// over the standard streams, past this, while this answers pings and watches the clock. Its thread
/// never runs the module and waits for nothing but events. It stops nothing when it is done, for
/// the module may be anywhere: end the process.
class Host {
public:
    using Clock = Deadline::Clock;

    /// `control` is the socket to the daemon and stays its owner's; `signals` becomes readable on
    /// SIGTERM; `bell` is an eventfd.
    Host(int control, UniqueFd signals, UniqueFd bell);

    /// Until the daemon is gone or has ended it, or the module's end. The status to exit with: 0,
    /// 1 after a fault of the protocol, else the exit code of the error that ended the module.
    [[nodiscard]] int run();

private:
    using Fields = wire::Fields;

    /// One op of the protocol.
    struct Op {
        std::string_view name;
        void (Host::*take)(Fields& fields, const wire::Json& frame);
    };

    [[nodiscard]] static const Op* find_op(std::string_view name);
    void ping(Fields& fields, const wire::Json& frame);
    void load(Fields& fields, const wire::Json& frame);
    void arm(Fields& fields, const wire::Json& frame);
    void shutdown(Fields& fields, const wire::Json& frame);
    void ignore(Fields& fields, const wire::Json& frame);

    void hello();
    void wait();
    [[nodiscard]] int patience_ms() const;
    void take_frames();
    [[nodiscard]] Result<void> take(const wire::Json& frame);
    void hear_guest();
    void look_at_clock(Clock::time_point now);
    void shut_down(Clock::time_point deadline);

    void finish_compiling();
    void start_guest();
    void refuse_load(const Error& error);
    void send_error(std::int64_t id, const Error& error);
    void end_by(const Error& error);

    Control control_;
    UniqueFd signals_;
    UniqueFd bell_;

    bool loaded_ = false;                  ///< there was a load
    std::optional<std::int64_t> load_id_;  ///< of the load that has no answer yet
    std::optional<Loading> loading_;
    Deadline deadline_;
    std::unique_ptr<GuestThread> guest_;
    std::optional<Clock::time_point> interrupted_;  ///< when the module was, for a passed deadline
    std::optional<Clock::time_point> shut_down_by_;
    std::int64_t progress_ = 0;
    std::optional<int> status_;  ///< to exit with, now
};

}  // namespace threadrunner::sandbox
