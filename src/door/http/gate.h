#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/settings.h"
#include "door/http/keys.h"
#include "door/http/message.h"
#include "door/http/page_pass.h"
#include "job/offer.h"

namespace threadrunner::http {

/// What a route asks of who calls it.
enum class Access : std::uint8_t {
    anyone,  ///< nobody needs a key, wherever they are: for what is the same for all and no secret
    open,    ///< on this machine nobody needs a key
    key,     ///< on this machine, too, but for the Unix socket, where only our own user gets, and
             ///< for our own page
};

/// Who asks.
struct Caller {
    std::string owner;            ///< of the jobs
    bool may_everything = false;  ///< see and end the jobs of other owners, too
};

/// Whether a caller may offer a model these tools of ours: those who may call them themselves.
[[nodiscard]] Result<void> may_offer(const Caller& caller, const Offers& offers);

/// Who may ask what. Loopback is no wall: every user of the machine and every web page in its
/// browsers can reach it. So a request must name this machine (a page whose name was rebound to
/// 127.0.0.1 says its own), must not come from a foreign page, and needs a key for more than
/// answers. From elsewhere it needs one always.
class Gate {
public:
    /// `settings` outlives the gate.
    Gate(const Settings& settings, Keys keys) : settings_(settings), keys_(std::move(keys)) {}

    /// Whether the request comes from where requests may come from: forbidden otherwise.
    [[nodiscard]] Result<void> check_source(const Request& request) const;

    /// Who it is. unauthorized: it needs a key, or another one.
    [[nodiscard]] Result<Caller> admit(const Request& request, Access access) const;

    /// What a browser has to be told so that a listed page may read the answer; for others nothing.
    [[nodiscard]] std::vector<Header> cross_origin_headers(const Request& request) const;

    /// For who asks for the page: the cookie by which its requests are known; see PagePass.
    [[nodiscard]] std::vector<Header> page_headers(const Request& request) const;

    [[nodiscard]] bool has_keys() const { return !keys_.empty(); }

private:
    [[nodiscard]] bool is_listed_origin(std::string_view origin) const;

    const Settings& settings_;
    Keys keys_;
    PagePass page_pass_;
};

}  // namespace threadrunner::http
