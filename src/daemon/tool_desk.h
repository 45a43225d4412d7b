#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <string>

#include "base/paths.h"
#include "door/tools_op.h"
#include "wire/decode.h"
#include "worker/pool.h"

namespace threadrunner {

/// Answers what doors ask about the tools, and makes their changes, on the thread for files. On the
/// event loop.
class ToolDesk {
public:
    /// All references outlive it.
    ToolDesk(const Home& home, Pool& pool, boost::asio::thread_pool& files)
        : home_(home), pool_(pool), files_(files) {}

    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> answer(ToolsOp op);

private:
    [[nodiscard]] Result<void> give_up_workers(const std::string& tool);

    const Home& home_;
    Pool& pool_;
    boost::asio::thread_pool& files_;
};

}  // namespace threadrunner
