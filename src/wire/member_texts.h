#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace threadrunner::wire {

/// A member of an object, or of one that is its member: then `parent` is that one's name.
struct Member {
    std::string_view parent;
    std::string_view name;   ///< as it stands in the text
    std::string_view value;  ///< JSON
};

/// A member's new value, as JSON; nothing keeps it as it is.
using ChangeMember = std::function<std::optional<std::string>(const Member& member)>;

/// A JSON object's text with members of its own, and of the objects that are its members, changed,
/// and every other byte as it was: parsing and writing would sort the members and change numbers.
/// Deeper ones are not looked at. Text that is no object comes back as it is.
[[nodiscard]] std::string with_members_changed(std::string_view text, const ChangeMember& change);

/// The text of an object's own member; nothing where it has none of that name, or is no object.
[[nodiscard]] std::optional<std::string_view> member_text(std::string_view object,
                                                          std::string_view name);

}  // namespace threadrunner::wire
