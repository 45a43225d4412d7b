#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "door/control.h"
#include "door/mcp/answers.h"
#include "door/mcp/client.h"
#include "door/mcp/message.h"
#include "job/job_stream.h"
#include "job/jobs.h"
#include "tool/function.h"

namespace threadrunner::mcp {

/// Offers the sandboxed tools by the Model Context Protocol, to whoever a door lets in: it has a
/// message answered, and carries the answer. Each tool is asked what it can do (`describe`)
/// whenever that is wanted, so that nothing is remembered that may have changed; a call is a job.
/// On the event loop.
class Server {
public:
    /// The references outlive it.
    Server(boost::asio::any_io_executor executor, Jobs& jobs, Control& control);

    /// The answer to a message, however long its job takes. Nothing: there is none, for it is a
    /// notification, or it was taken back.
    [[nodiscard]] boost::asio::awaitable<std::optional<wire::Json>> answer(Message message,
                                                                           Client client);

    /// A name for Client::session that nobody else has.
    [[nodiscard]] std::string new_session();
    /// Takes back the message with that id, if it is under way: its job is cancelled.
    void take_back(const std::string& session, const wire::Json& id);
    /// Takes back all of the session's.
    void end_session(const std::string& session);

private:
    class Turn;
    /// Functions that tools have, and what is wrong with those that could not say.
    struct Described {
        std::vector<tool::Function> functions;
        std::optional<Error> fault;
    };

    [[nodiscard]] boost::asio::awaitable<Reply> reply(const Message& message, const Client& client,
                                                      Turn& turn);
    [[nodiscard]] boost::asio::awaitable<Reply> list(const Message& message, const Client& client,
                                                     Turn& turn);
    [[nodiscard]] boost::asio::awaitable<Reply> call(const Message& message, const Client& client,
                                                     Turn& turn);
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<std::string>>> tools_for(
        const Client& client);
    [[nodiscard]] boost::asio::awaitable<Described> describe(std::vector<std::string> tools,
                                                             const Client& client, Turn& turn);

    boost::asio::any_io_executor executor_;
    Jobs& jobs_;
    Control& control_;
    std::uint64_t last_session_ = 0;
    /// Messages under way, by session and id (as JSON).
    std::map<std::pair<std::string, std::string>, Turn*> turns_;
};

}  // namespace threadrunner::mcp
