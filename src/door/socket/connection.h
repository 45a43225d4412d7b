#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/settings.h"
#include "door/control.h"
#include "door/mcp/server.h"
#include "door/socket/v1.h"
#include "door/socket/v2.h"
#include "job/jobs.h"
#include "wire/frame.h"

namespace threadrunner {

/// What every connection of the socket door works with; outlives them all.
struct SocketContext {
    Jobs& jobs;
    Control& control;
    mcp::Server& mcp;
    const Settings& settings;
    boost::asio::thread_pool& parsing;  ///< for frames too large for the event loop
    socket_v1::Defaults v1_defaults;
    /// Where bytes are read into: connections read in turn, so an idle one costs no buffer.
    std::vector<char> read_buffer = std::vector<char>(64 * limits::kib);
};

/// One client of the socket: its frames in, its jobs' events out. When it goes, so do the jobs that
/// it has not detached. Lives on the event loop, inside the coroutine that awaits run().
class Connection {
public:
    using Socket = boost::asio::local::stream_protocol::socket;

    Connection(Socket socket, std::string owner, SocketContext& context);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// Serves the client until it leaves, breaks the protocol, or has its v1 answer.
    [[nodiscard]] boost::asio::awaitable<void> run();

    /// Sends one error in v1's shape and closes: for a client that cannot be served at all.
    void refuse(const Error& error);

    /// Reads no more, and closes once everything said so far is written.
    void finish();

    /// Closes at once.
    void abort();

private:
    class JobStream;
    class V1Stream;
    class V2Stream;

    /// Events in the outbox that a worker waits to be paid for.
    struct Due {
        JobId job = 0;
        unsigned credits = 0;
    };

    [[nodiscard]] boost::asio::awaitable<void> read_frames();
    [[nodiscard]] boost::asio::awaitable<bool> readable(bool mid_frame);
    [[nodiscard]] bool read_into(wire::FrameReader& reader);
    [[nodiscard]] boost::asio::awaitable<void> take_frames(wire::FrameReader& reader);
    [[nodiscard]] boost::asio::awaitable<void> wait_until_gone();
    [[nodiscard]] boost::asio::awaitable<void> write_outbox();
    [[nodiscard]] boost::asio::awaitable<bool> write_batch(std::string_view batch);
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> parse(std::string_view payload);

    [[nodiscard]] Result<void> check_version(const wire::Json& frame);
    [[nodiscard]] boost::asio::awaitable<void> on_frame(const wire::Json& frame);
    void on_v1(const wire::Json& frame);
    [[nodiscard]] boost::asio::awaitable<void> on_v2(const wire::Json& frame);
    [[nodiscard]] boost::asio::awaitable<Event> answer(const socket_v2::Request& request);
    void submit(std::int64_t id, JobSpec spec);
    [[nodiscard]] boost::asio::awaitable<void> serve_mcp(std::int64_t id, socket_v2::Mcp request);
    [[nodiscard]] boost::asio::awaitable<void> mcp_ended();
    void attach(std::int64_t id, const socket_v2::Attach& request);

    void queue();
    void queue(const Due& due);
    void end_stream(std::int64_t id);
    [[nodiscard]] std::size_t under_way() const { return streams_.size() + mcp_requests_.size(); }
    void finish_if_read_out();
    void abandon_all();

    Socket socket_;
    std::string owner_;
    SocketContext& context_;
    boost::asio::steady_timer outbox_filled_;  ///< a condition: cancelled when there is something
    std::string outbox_;
    std::vector<Due> due_;
    std::map<std::int64_t, std::unique_ptr<JobStream>> streams_;  ///< by request id
    std::set<std::int64_t> mcp_requests_;                         ///< under way
    std::string mcp_session_;                 ///< all of MCP on a connection is one
    boost::asio::steady_timer mcp_answered_;  ///< a condition: cancelled when one of them ends
    Clock::time_point frame_due_{};           ///< when the frame that has begun must be whole
    std::int64_t version_ = 0;                ///< fixed by the first frame
    bool read_ended_ = false;                 ///< the client sends nothing more, but may read
    bool closing_ = false;  ///< nothing more is read; closes when the outbox is empty
};

}  // namespace threadrunner
