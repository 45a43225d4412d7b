#include "daemon/configuration.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "base/settings_file.h"
#include "wire/settings_document.h"

namespace threadrunner {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using wire::Json;

/// How a reload ends for one setting, for people.
std::string_view explain(Applies applies) {
    switch (applies) {
        case Applies::now:
            return "applies now";
        case Applies::next_load:
            return "applies to models that are loaded from now on";
        case Applies::restart:
            return "applies when the daemon starts anew";
    }
    return {};
}

std::string shown(const std::string& value) { return value.empty() ? "\"\"" : value; }

}  // namespace

log::Options log_options(const Settings& settings) {
    // Both were parsed when they were set.
    return {.file = log::Filter::parse(settings.log_filter).value_or(log::Filter()),
            .console = log::Filter::parse(settings.log_stderr).value_or(log::Filter()),
            .json = settings.log_format == "json",
            .keep_days = settings.log_keep_days};
}

Configuration::Configuration(Home home, std::vector<std::string> flags, SettingsReading reading,
                             asio::thread_pool& files)
    : home_(std::move(home)),
      flags_(std::move(flags)),
      in_effect_(std::move(reading)),
      files_(files) {}

awaitable<Result<SettingsReading>> Configuration::read() {
    const auto on_thread = [](const Home& home, std::span<const std::string> flags)
        -> awaitable<Result<SettingsReading>> { co_return read_settings(home, flags); };
    co_return co_await asio::co_spawn(files_, on_thread(home_, flags_), asio::use_awaitable);
}

awaitable<Json> Configuration::describe() {
    const auto later = co_await read();
    Json out = wire::settings_document(home_.config_file(), in_effect_);
    if (!later) {
        out["fault"] = later.error().message;
        co_return out;
    }
    std::size_t i = 0;
    for (const SettingRow& row : settings_table()) {
        Json& setting = out["settings"][i++];
        if (row.text(later->values) != row.text(in_effect_.values)) {
            setting["later"] = row.shown(later->values);
            setting["after"] = row.applies == Applies::restart ? "restart" : "reload";
        }
    }
    co_return out;
}

awaitable<Result<Json>> Configuration::reload() {
    auto reading = co_await read();
    if (!reading) {
        log::error("daemon", "the settings stay as they are: {}", reading.error().message);
        co_return std::unexpected(reading.error());
    }
    // A condition: cancelled when it has happened.
    asio::steady_timer done(co_await asio::this_coro::executor,
                            asio::steady_timer::time_point::max());
    std::optional<Json> report;
    when_unread_([&] {
        report = take_over(*std::move(reading));
        done.cancel();
    });
    boost::system::error_code ignored;
    while (!report) {
        co_await done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return *std::move(report);
}

Json Configuration::take_over(SettingsReading reading) {
    Json changes = Json::array();
    for (const SettingRow& row : settings_table()) {
        const std::string from = row.text(in_effect_.values);
        const std::string to = row.text(reading.values);
        if (from == to) {
            continue;
        }
        const std::string seen_from = row.shown(in_effect_.values);
        const std::string seen_to = row.shown(reading.values);
        changes.push_back({{"key", row.key},
                           {"from", seen_from},
                           {"to", seen_to},
                           {"applies", wire::applies_name(row.applies)}});
        log::info("daemon", "setting {}: {} becomes {}, {}", row.key, shown(seen_from),
                  shown(seen_to), explain(row.applies));
        if (row.applies == Applies::restart) {
            // It can be set: it has that value now.
            static_cast<void>(row.set(reading.values, from));
            reading.origins[row.key] = in_effect_.origin_of(row.key);
        }
    }
    // In place: everybody refers to it.
    in_effect_ = std::move(reading);
    log::info("daemon", "settings read again: {} changed", changes.size());
    log::reconfigure(log_options(in_effect_.values));
    return {{"file", home_.config_file().string()}, {"changes", std::move(changes)}};
}

}  // namespace threadrunner
