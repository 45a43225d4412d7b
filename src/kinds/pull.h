#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/paths.h"
#include "base/settings.h"
#include "worker/kind.h"

namespace threadrunner {

/// Models that are fetched: a pull is the loading of a worker that is ready when the model lies in
/// models/. So clients that ask for the same one share it, hear how it goes, and end it when the
/// last of them leaves; what came is kept for the next.
class PullKind : public Kind {
public:
    /// A job's model is words: the source, then name=NAME, sha256=SUM, endpoint=URL, token=TOKEN,
    /// each left out or once.
    static constexpr std::string_view backend_name = "pull";

    /// `settings` and `home` outlive the kind.
    PullKind(const Settings& settings, const Home& home) : settings_(settings), home_(home) {}

    [[nodiscard]] std::string_view name() const override { return "pull"; }
    [[nodiscard]] std::string_view backend() const override { return backend_name; }
    /// The target shows nothing that is secret.
    [[nodiscard]] Result<Target> resolve(const JobSpec& spec) const override;
    [[nodiscard]] Result<LaunchPlan> plan(const Target& target) const override;
    /// Only work::Load: to be ready is all.
    [[nodiscard]] std::unique_ptr<Exchange> exchange(const Job&) const override { return nullptr; }

private:
    /// What a target does not show.
    struct Secret {
        std::string url;  ///< with its query
        std::string token;
    };

    const Settings& settings_;
    const Home& home_;
    mutable std::mutex mutex_;  ///< resolve() is called on the loop, plan() on the thread for files
    mutable std::map<Target, Secret> secrets_;
};

}  // namespace threadrunner
