#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "pull/channel.h"
#include "pull/order.h"

namespace threadrunner::pull {

/// What a pull brought.
struct Pulled {
    std::string name;  ///< of the model
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    std::string sha256;    ///< of a single file
    bool already = false;  ///< it was there
};

/// Fetches a model whole: finds its files, fetches each, checks that they are a sound model, and
/// moves them into order.folder. Whatever ends it early, a later one goes on from there. conflict:
/// its name is that of another model, or another pull has it in hand.
[[nodiscard]] Result<Pulled> pull_model(const Order& order, Channel& channel);

}  // namespace threadrunner::pull
