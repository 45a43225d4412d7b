#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/paths.h"
#include "base/settings.h"
#include "door/control.h"
#include "door/http/bulletin.h"
#include "door/http/metrics.h"
#include "door/mcp/server.h"
#include "job/jobs.h"

namespace threadrunner::http {

/// Which worker a model's name means.
struct ModelAddress {
    std::string backend;
    std::string model;  ///< empty: the backend's default
};

/// What every handler works with; outlives them all.
struct Context {
    Home home;
    boost::asio::any_io_executor executor;
    Jobs& jobs;
    Control& control;
    mcp::Server& mcp;
    const Settings& settings;
    boost::asio::thread_pool& parsing;  ///< for bodies too large for the event loop, and files
    Metrics& metrics;
    Bulletin& bulletin;
    ModelAddress standard;              ///< of requests that name no model
    std::vector<std::string> backends;  ///< that a model's name may begin with

    /// `BACKEND:MODEL` and `BACKEND` name a backend; any other name is a model of the standard one.
    [[nodiscard]] ModelAddress address_of(std::string_view name) const;
};

}  // namespace threadrunner::http
