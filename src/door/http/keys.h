#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/settings.h"

namespace threadrunner::http {

/// Whether two secrets are the same; takes the same time wherever their first difference is.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

/// The keys that clients may show, each with a name, which is the owner of what its holder asks
/// for.
class Keys {
public:
    /// Those of the setting http.keys, else those of the file http.key_file; none without either.
    /// No message quotes a key.
    [[nodiscard]] static Result<Keys> read(const Settings& settings);

    [[nodiscard]] bool empty() const { return keys_.empty(); }

    /// Whose key this is; null: nobody's. Takes the same time for every key of its length.
    [[nodiscard]] const std::string* owner_of(std::string_view secret) const;

private:
    struct Key {
        std::string name;
        std::string secret;
    };

    std::vector<Key> keys_;
};

}  // namespace threadrunner::http
