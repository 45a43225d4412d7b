#include "sandbox/file_attributes.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/text.h"

namespace threadrunner::sandbox {
namespace {

constexpr std::size_t names_bytes_max = 64 * 1024;  // XATTR_LIST_MAX
constexpr std::size_t value_bytes_max = 64 * 1024;  // XATTR_SIZE_MAX

bool is_the_files_own(std::string_view name) {
    return name.starts_with("user.") || name == "system.posix_acl_access";
}

}  // namespace

void take_over_attributes(int from, int to) {
    struct stat facts{};
    if (::fstat(from, &facts) != 0) {
        return;
    }
    // the group alone where the user may not be changed
    if (::fchown(to, facts.st_uid, facts.st_gid) != 0) {
        static_cast<void>(::fchown(to, static_cast<uid_t>(-1), facts.st_gid) == 0);
    }
    ::fchmod(to, facts.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO));

    std::string names(names_bytes_max, '\0');
    const ssize_t listed = ::flistxattr(from, names.data(), names.size());
    names.resize(listed > 0 ? static_cast<std::size_t>(listed) : 0);
    std::string value(names.empty() ? 0 : value_bytes_max, '\0');
    for (std::string_view rest = names; !rest.empty();) {
        const std::string name(take_entry(rest, std::string_view("\0", 1)));
        const ssize_t size = is_the_files_own(name)
                                 ? ::fgetxattr(from, name.c_str(), value.data(), value.size())
                                 : -1;
        if (size >= 0) {
            ::fsetxattr(to, name.c_str(), value.data(), static_cast<std::size_t>(size), 0);
        }
    }
}

}  // namespace threadrunner::sandbox
