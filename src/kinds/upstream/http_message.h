#pragma once

#include <string>

namespace threadrunner {

/// What is sent to a server, and what comes back before the body.
struct HttpRequest {
    std::string method = "GET";
    std::string path;  ///< without the address's base
    std::string body;  ///< JSON, or empty
    std::string key;   ///< a bearer token; empty: none
};

struct HttpHead {
    int status = 0;
    std::string content_type;  ///< in small letters
    std::string location;      ///< where a redirect leads
};

}  // namespace threadrunner
