#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "job/job_stream.h"
#include "job/jobs.h"
#include "tool/function.h"
#include "tool/rounds/dialogue.h"

namespace threadrunner::tool {

/// The route whose answers can be told apart by rounds.
inline constexpr std::string_view chat_path = "/v1/chat/completions";

/// A call of an offered tool, as a job; its parent is not filled in.
[[nodiscard]] JobSpec call_of(const Offer& offer, std::string op);

/// One job's answers and calls. Owned by Rounds, until run() is over. The job may end before, by
/// its deadline: then whatever is under way for it is cancelled.
class RoundsJob {
public:
    RoundsJob(boost::asio::any_io_executor executor, Jobs& jobs, const Job& job);

    /// To be called once.
    [[nodiscard]] boost::asio::awaitable<void> run();

    /// The job was cancelled or is past its deadline.
    void wake();
    /// Its client has taken this many events.
    void credit(unsigned credits);
    /// False: it does not ask about that call.
    [[nodiscard]] bool permit(const std::string& call, bool allow);

private:
    /// A function that a model may call, and what of.
    struct Offered {
        const Offer* offer = nullptr;
        Function function;
    };
    /// How a child ended.
    struct Ended {
        Result<event::Done> end;
        wire::Json output = nullptr;  ///< the last
    };

    enum class Heard : std::uint8_t { by_client, nothing };

    [[nodiscard]] Job* alive();
    void say(const Event& event, unsigned credits = 0);
    [[nodiscard]] const Offered* find(const std::string& name) const;
    [[nodiscard]] bool has_foreign(const std::vector<ModelCall>& calls) const;

    [[nodiscard]] boost::asio::awaitable<bool> learn_functions();
    [[nodiscard]] boost::asio::awaitable<bool> hear_answer();
    [[nodiscard]] boost::asio::awaitable<bool> make_calls(std::vector<ModelCall> calls);
    [[nodiscard]] boost::asio::awaitable<std::string> make_call(const ModelCall& call);
    [[nodiscard]] std::string ended_badly(event::Tool& about, event::Tool::State state,
                                          const std::string& message);
    [[nodiscard]] boost::asio::awaitable<bool> may_write(event::Tool about);
    [[nodiscard]] boost::asio::awaitable<std::optional<Ended>> follow(JobSpec spec, Heard heard);
    void take(const Event& event, unsigned credits, Heard heard);
    void finish(std::vector<ModelCall> calls);

    boost::asio::any_io_executor executor_;
    Jobs& jobs_;
    JobId id_;
    JobSpec spec_;
    std::unique_ptr<Dialogue> dialogue_;
    std::vector<Offered> offered_;
    std::optional<JobStream> child_;
    wire::Json output_;      ///< the child's last
    unsigned unpaid_ = 0;    ///< credits of the child's events that the client has not given back
    unsigned too_late_ = 0;  ///< as well, of children that have ended
    event::Done answer_;     ///< how the last answer ended, with the usage of all so far
    std::size_t calls_made_ = 0;
    std::string asked_;  ///< the call that waits for permission; empty: none
    std::optional<bool> permitted_;
    boost::asio::steady_timer permission_;  ///< a condition: cancelled when there is one
};

}  // namespace threadrunner::tool
