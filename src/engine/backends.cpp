#include "engine/backends.h"

#include "ggml-backend.h"

namespace threadrunner::engine {

Result<void> load_backends(const std::filesystem::path& folder) {
    if (ggml_backend_reg_count() == 0) {
        ggml_backend_load_all_from_path(folder.c_str());
    }
    if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
        return fail(ErrorCode::model_load_failed,
                    "there is no libggml-cpu-*.so in " + folder.string() +
                        " that this processor can run: install ThreadRunner again");
    }
    return {};
}

}  // namespace threadrunner::engine
