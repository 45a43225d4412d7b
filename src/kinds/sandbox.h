#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>

#include "base/paths.h"
#include "tool/registry.h"
#include "worker/kind.h"

namespace threadrunner {

/// Sandboxed tools. A job's model is the tool's name; its target is that tool with the directories
/// of the call, if it has some of its own, and a private folder, if it brings bytes: each is a
/// worker of its own, so that nobody's directories are there for another's call.
class SandboxKind : public Kind {
public:
    static constexpr std::string_view backend_name = "sandbox";

    /// Clears away what calls of an earlier daemon left in the home, which outlives the kind.
    SandboxKind(boost::asio::any_io_executor executor, const Home& home);

    [[nodiscard]] std::string_view name() const override { return "sandbox"; }
    [[nodiscard]] std::string_view backend() const override { return backend_name; }
    [[nodiscard]] Result<Target> resolve(const JobSpec& spec) const override;
    [[nodiscard]] Result<LaunchPlan> plan(const Target& target) const override;
    [[nodiscard]] Result<std::unique_ptr<Process>> start(
        const LaunchPlan& plan, const Spawner& spawner, Process::Observer& observer) const override;
    [[nodiscard]] std::unique_ptr<Exchange> exchange(const Job& job) const override;

private:
    boost::asio::any_io_executor executor_;
    const Home& home_;
    tool::Registry tools_;                ///< for resolve(), on the loop
    tool::Registry tools_for_plans_;      ///< for plan(), on its thread
    mutable std::uint64_t privates_ = 0;  ///< calls that came with bytes
    /// For what calls need of the disk: one at a time keeps their order, and a thread of their own
    /// keeps them from waiting for a model's header.
    mutable boost::asio::thread_pool files_{1};
};

}  // namespace threadrunner
