#include "kinds/engine_devices.h"

#include <system_error>

#include "base/limits.h"
#include "base/own_environment.h"
#include "base/program_run.h"

namespace threadrunner {
const std::vector<ComputeDevice>& EngineDevices::of(const std::filesystem::path& program) {
    std::error_code missing;
    const auto built = std::filesystem::last_write_time(program, missing);
    if (program == asked_ && built == built_) {
        return devices_;
    }
    asked_ = program;
    built_ = built;
    devices_.clear();
    const auto run =
        run_program(program, {"--devices"}, own_environment(), limits::engine_devices_within);
    if (run && run->exit_code == 0) {
        devices_ = read_devices(run->out).value_or(std::vector<ComputeDevice>());
    }
    return devices_;
}

}  // namespace threadrunner
