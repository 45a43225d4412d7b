#pragma once

#include <span>

#include "base/error.h"
#include "sandbox/open_grant.h"

namespace threadrunner::sandbox {

/// The version of the kernel's Landlock, or 0 where it has none. landlock(7).
[[nodiscard]] int landlock_version();

/// From here on this thread, and those that it starts, open nothing outside the granted
/// directories, write in none that is not writable, make no symlinks, FIFOs or devices anywhere,
/// and reach no network and no process outside; each as far as the kernel's version goes, without
/// Landlock not at all. Needs no_new_privs. What is open stays open.
[[nodiscard]] Result<void> restrict_by_landlock(std::span<const OpenGrant> grants);

}  // namespace threadrunner::sandbox
