#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/limits.h"
#include "engine/frame_writer.h"
#include "engine/route.h"

namespace threadrunner::engine {

/// A route under way: turns its answer into events, as many as the daemon gives credit for. A
/// slot's thread runs it; the reading thread cancels it and gives credit.
class RouteJob : public RouteSink {
public:
    /// `writer` must outlive the job.
    RouteJob(std::int64_t id, Route route, FrameWriter& writer)
        : id_(id), route_(std::move(route)), writer_(writer) {}

    [[nodiscard]] std::int64_t id() const { return id_; }
    [[nodiscard]] const Route& route() const { return route_; }

    void cancel();
    void add_credit(std::int64_t events);

    /// Sends the event that ends the job.
    void finish(const Result<RouteEnd>& end);

    [[nodiscard]] bool stopped() const override { return stopped_; }
    void head(int status, std::string_view content_type) override;
    void body(std::string data) override;

private:
    [[nodiscard]] bool take_credit();

    std::int64_t id_;
    Route route_;
    FrameWriter& writer_;
    std::mutex mutex_;
    std::condition_variable credit_came_;
    std::int64_t credit_ = limits::credit_at_start;
    std::atomic<bool> stopped_ = false;
    std::optional<Error> failure_;  ///< why it was stopped from within
};

/// The event that ends a job without a result.
void send_error(FrameWriter& writer, std::int64_t id, const Error& error);

}  // namespace threadrunner::engine
