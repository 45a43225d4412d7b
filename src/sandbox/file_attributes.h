#pragma once

namespace threadrunner::sandbox {

/// Gives one open regular file the permissions (no set-uid, set-gid or sticky bits), owner and
/// extended attributes (user.* and the access list) of another, as far as the system lets us: who
/// may not change an owner keeps the file. Both are open for reading.
void take_over_attributes(int from, int to);

}  // namespace threadrunner::sandbox
