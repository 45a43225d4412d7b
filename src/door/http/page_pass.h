#pragma once

#include <string>

#include "door/http/message.h"

namespace threadrunner::http {

/// What lets our own page do on this machine what else needs a key: a secret that GET / gives to
/// the browser as a cookie, made anew by each daemon and written nowhere. Why nobody else gets
/// anything by it:
///
/// - Other users of the machine can connect, too. The cookie is given to, and believed from,
///   sockets of the daemon's own user only, as the kernel has it (peer_is_own_user()); whoever is
///   that user can open the Unix socket anyway. So it is no harm either that browsers show a cookie
///   of 127.0.0.1 to servers of other people at other ports.
/// - Pages of other sites cannot read it (it belongs to this host and to no script: HttpOnly), and
///   the browser does not send it for them (SameSite=Strict).
/// - To a browser, what is served at another port of this machine is the same site. Hence a request
///   must also come from the very origin that it goes to: Sec-Fetch-Site, which no script can set,
///   says same-origin, or in older browsers Origin does. Pages of http.origins, too, ask without
///   the page's rights.
/// - A page whose name was rebound to this machine (DNS rebinding) has a Host of its own, which
///   Gate::check_source() refuses before the cookie counts; it gets none either.
/// - Nothing foreign runs in the page, and it is shown in no frame: see its content-security-policy
///   in page.cpp.
///
/// The cookie's name has the port in it, for cookies do not know ports: two daemons of a machine
/// would overwrite each other's.
class PagePass {
public:
    PagePass();

    /// The value of Set-Cookie for who asks for the page.
    [[nodiscard]] std::string cookie_for(const Request& request) const;

    /// Whether the page it was given to asks. The caller has checked the request's source.
    [[nodiscard]] bool is_shown_by(const Request& request) const;

private:
    std::string secret_;
};

}  // namespace threadrunner::http
