#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string>

#include "base/settings.h"
#include "kinds/upstream/http_call.h"
#include "wire/decode.h"

namespace threadrunner {

/// What a server that is ready says of itself.
struct ServerFacts {
    bool is_llama_server = false;  ///< it has llama-server's own routes, /completion and the like
    std::string health_path;       ///< what it answers with 200 while it is well
    std::string model;             ///< the first that it lists; empty: it lists none
    std::size_t slots = 0;         ///< 0: it does not say
    wire::Json meta;               ///< for who asks what is loaded
};

/// Asks a server whether it lives and what it is, one question at a time. On the event loop.
class ServerProbe {
public:
    /// `settings` outlives the probe.
    ServerProbe(boost::asio::any_io_executor executor, const Settings& settings,
                HttpAddress address, std::string key)
        : executor_(std::move(executor)),
          settings_(settings),
          address_(std::move(address)),
          key_(std::move(key)) {}

    /// Whether it is ready: yes, not yet (it loads), or an error that waiting does not mend.
    /// Unreachable when there is no connection. GET /health, or /v1/models where there is none.
    [[nodiscard]] boost::asio::awaitable<Result<bool>> is_ready();

    /// Of a server that is ready: what it is. Unauthorized when it wants another key.
    [[nodiscard]] boost::asio::awaitable<Result<ServerFacts>> facts();

    /// Whether it answers at all.
    [[nodiscard]] boost::asio::awaitable<Result<void>> is_alive();

    /// Takes the question at hand back.
    void close();

private:
    struct Answer {
        int status = 0;
        std::string location;
        wire::Json document;  ///< null: none, or no JSON
    };

    [[nodiscard]] boost::asio::awaitable<Result<Answer>> get(std::string path);
    [[nodiscard]] Result<bool> judge(const Answer& answer) const;

    boost::asio::any_io_executor executor_;
    const Settings& settings_;
    HttpAddress address_;
    std::string key_;
    std::string health_path_ = "/health";
    std::shared_ptr<HttpCall> call_;
};

}  // namespace threadrunner
