#include "door/http/bulletin.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/limits.h"

namespace threadrunner::http {

namespace asio = boost::asio;

Bulletin::Follower::Follower(asio::any_io_executor executor, Bulletin& bulletin, std::string owner)
    : bulletin_(bulletin), owner_(std::move(owner)), came_(std::move(executor)) {
    bulletin_.followers_.insert(this);
}

Bulletin::Follower::~Follower() { bulletin_.followers_.erase(this); }

asio::awaitable<std::string> Bulletin::Follower::next(std::chrono::milliseconds within) {
    if (entries_.empty()) {
        boost::system::error_code ignored;
        came_.expires_after(within);
        co_await came_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    std::string out;
    if (const std::size_t lost = std::exchange(lost_, 0); lost > 0) {
        out = ": " + std::to_string(lost) + " earlier events are lost: they were not read\n\n";
    }
    for (const std::string& entry : std::exchange(entries_, {})) {
        out += entry;
    }
    co_return out;
}

void Bulletin::Follower::take(const std::string& entry, std::string_view owner) {
    if (!owner_.empty() && !owner.empty() && owner != owner_) {
        return;
    }
    if (entries_.size() >= limits::http_bulletin_entries_max) {
        entries_.pop_front();
        ++lost_;
    }
    entries_.push_back(entry);
    came_.cancel();
}

void Bulletin::close() {
    closed_ = true;
    for (Follower* follower : followers_) {
        follower->wake();
    }
}

void Bulletin::tell(std::string_view event, const wire::Json& data, std::string_view owner) {
    if (followers_.empty()) {
        return;
    }
    const std::string entry =
        "event: " + std::string(event) + "\ndata: " + wire::encode_json(data) + "\n\n";
    for (Follower* follower : followers_) {
        follower->take(entry, owner);
    }
}

}  // namespace threadrunner::http
