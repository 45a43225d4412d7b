#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/paths.h"
#include "base/settings.h"
#include "wire/decode.h"

namespace threadrunner {

/// What the log is to do by the settings.
[[nodiscard]] log::Options log_options(const Settings& settings);

/// The settings of a daemon that runs: what it goes by, and how it takes over a file that has
/// changed. The parts of the daemon refer to in_effect(), which changes only in reload(); what
/// could not follow keeps its value until the restart. On the event loop.
class Configuration {
public:
    /// Calls a function once, when nothing reads the settings on another thread.
    using WhenUnread = std::function<void(std::function<void()>)>;

    /// `reading` is what read_settings() gave for this home and these flags; `files` reads again.
    Configuration(Home home, std::vector<std::string> flags, SettingsReading reading,
                  boost::asio::thread_pool& files);

    /// Must be called before the first reload().
    void set_when_unread(WhenUnread when_unread) { when_unread_ = std::move(when_unread); }

    [[nodiscard]] const Settings& in_effect() const { return in_effect_.values; }
    [[nodiscard]] Origin origin_of(std::string_view key) const { return in_effect_.origin_of(key); }

    /// The document of the op `config`: each setting, and in `later` what it would be after a
    /// reload or a restart (`after`); in `fault` why the file cannot be read now.
    [[nodiscard]] boost::asio::awaitable<wire::Json> describe();

    /// Reads file, environment and flags again. The document of the op `reload` says what changed
    /// and when it applies; so does the log. An error changes nothing.
    [[nodiscard]] boost::asio::awaitable<Result<wire::Json>> reload();

private:
    [[nodiscard]] boost::asio::awaitable<Result<SettingsReading>> read();
    [[nodiscard]] wire::Json take_over(SettingsReading reading);

    Home home_;
    std::vector<std::string> flags_;
    SettingsReading in_effect_;
    boost::asio::thread_pool& files_;
    WhenUnread when_unread_;
};

}  // namespace threadrunner
