#pragma once

#include <filesystem>
#include <vector>

#include "kinds/placement.h"

namespace threadrunner {

/// The devices besides the host that an engine computes on, as its program says itself. What they
/// have free is asked once, before any worker of ours has some of it. Used by one thread at a time.
class EngineDevices {
public:
    /// Waits limits::engine_devices_within at most. Nothing where the program does not say: then
    /// all is counted on the host, and loading tells what is wrong.
    [[nodiscard]] const std::vector<ComputeDevice>& of(const std::filesystem::path& program);

private:
    std::filesystem::path asked_;
    std::filesystem::file_time_type built_;  ///< of the program when it was asked
    std::vector<ComputeDevice> devices_;
};

}  // namespace threadrunner
