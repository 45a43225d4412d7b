#include "wire/log_sieve.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/number.h"
#include "base/text.h"
#include "wire/decode.h"

namespace threadrunner::wire {
namespace {

using Time = std::chrono::system_clock::time_point;

/// What a line says of itself.
struct Entry {
    std::string_view stamp;
    log::Level level = log::Level::info;
    std::string_view target;
    std::string_view rest;  ///< after the target
    std::string job;
};

std::optional<int> number(std::string_view digits) {
    const auto out = number_from<int>(digits);
    return out && *out >= 0 ? out : std::nullopt;
}

/// "2026-01-31T12:00:00.250+01:00"
constexpr std::string_view stamp_pattern = "dddd-dd-ddTdd:dd:dd.ddd?dd:dd";

bool is_stamp(std::string_view text) {
    return std::ranges::equal(text, stamp_pattern, [](char c, char wanted) {
        return wanted == 'd'   ? c >= '0' && c <= '9'
               : wanted == '?' ? c == '+' || c == '-'
                               : c == wanted;
    });
}

std::optional<Time> time_of(std::string_view stamp) {
    using namespace std::chrono;
    if (!is_stamp(stamp)) {
        return std::nullopt;
    }
    const auto at = [&](std::size_t begin, std::size_t count) {
        return number(stamp.substr(begin, count)).value_or(0);
    };
    const auto date = year(at(0, 4)) / at(5, 2) / at(8, 2);
    if (!date.ok()) {
        return std::nullopt;
    }
    const minutes offset = hours(at(24, 2)) + minutes(at(27, 2));
    return sys_days(date) + hours(at(11, 2)) + minutes(at(14, 2)) + seconds(at(17, 2)) +
           milliseconds(at(20, 3)) - (stamp[23] == '-' ? -offset : offset);
}

bool is_job(std::string_view word) {
    return word.size() > 1 && word[0] == 'j' && number(word.substr(1)).has_value();
}

/// "TIME I target: rest", where rest may begin with a job's name.
std::optional<Entry> parse_plain(std::string_view line) {
    const std::size_t letter = stamp_pattern.size() + 1;
    const std::size_t colon = line.find(": ", letter);
    if (!is_stamp(line.substr(0, stamp_pattern.size())) || colon == std::string_view::npos) {
        return std::nullopt;
    }
    Entry out{.stamp = line.substr(0, stamp_pattern.size())};
    const auto* const level = std::ranges::find_if(log::level_names, [&](std::string_view name) {
        return static_cast<char>(name[0] - 'a' + 'A') == line[letter];
    });
    if (level == log::level_names.end() || line[letter + 1] != ' ') {
        return std::nullopt;
    }
    out.level = static_cast<log::Level>(level - log::level_names.begin());
    out.target = line.substr(letter + 2, colon - letter - 2);
    out.rest = line.substr(colon + 2);
    const std::string_view first = out.rest.substr(0, out.rest.find(' '));
    if (is_job(first)) {
        out.job = first;
        out.rest.remove_prefix(std::min(out.rest.size(), first.size() + 1));
    }
    return out;
}

/// Whether a text names a job, as a word of its own.
bool names(std::string_view text, std::string_view job) {
    const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    for (std::size_t at = text.find(job); at != std::string_view::npos;
         at = text.find(job, at + 1)) {
        const std::size_t end = at + job.size();
        if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) {
            return true;
        }
    }
    return false;
}

/// A member that is a text; else empty.
std::string text_in(const Json& document, const char* name) {
    const auto found = document.find(name);
    return found != document.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
}

std::string document_of(const Entry& entry) {
    Json out = {
        {"time", entry.stamp},
        {"level", log::level_names[static_cast<std::size_t>(entry.level)]},
        {"target", utf8_repair(entry.target)},
        {"message", utf8_repair(entry.rest)},
    };
    if (!entry.job.empty()) {
        out["job"] = entry.job;
    }
    return encode_json(out);
}

bool fits(const LogQuery& query, std::string_view stamp, log::Level level, bool of_job) {
    if (query.since) {
        const auto time = time_of(stamp);
        if (!time || *time < *query.since) {
            return false;
        }
    }
    return of_job && (!query.level || level >= *query.level);
}

}  // namespace

std::string LogSieve::pass(std::string_view text) {
    std::string out;
    std::string joined = std::exchange(rest_, {}) + std::string(text);
    std::string_view left = joined;
    for (std::size_t end = left.find('\n'); end != std::string_view::npos; end = left.find('\n')) {
        pass_line(left.substr(0, end), out);
        left.remove_prefix(end + 1);
    }
    rest_ = left;
    return out;
}

void LogSieve::pass_line(std::string_view line, std::string& out) {
    std::string shown(line);
    if (const auto json = line.starts_with('{') ? decode_json(line) : Result<Json>(Json())) {
        if (json->is_object()) {
            const auto level = log::level_from(text_in(*json, "level")).value_or(log::Level::info);
            const bool of_job = !query_.job || text_in(*json, "job") == *query_.job ||
                                names(text_in(*json, "message"), *query_.job);
            wanted_ = fits(query_, text_in(*json, "time"), level, of_job);
        } else if (const auto entry = parse_plain(line)) {
            const bool of_job =
                !query_.job || entry->job == *query_.job || names(entry->rest, *query_.job);
            wanted_ = fits(query_, entry->stamp, entry->level, of_job);
            shown = query_.json ? document_of(*entry) : shown;
        } else if (query_.json) {
            shown = encode_json({{"message", utf8_repair(line)}});
        }
    }
    if (wanted_) {
        out += shown + "\n";
    }
}

void LastLines::add(std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
        lines_.emplace_back(lines.substr(0, end));
        lines.remove_prefix(end);
        if (count_ && lines_.size() > *count_) {
            lines_.pop_front();
        }
    }
}

std::string LastLines::take() {
    std::string out;
    for (const std::string& line : std::exchange(lines_, {})) {
        out += line;
    }
    return out;
}

}  // namespace threadrunner::wire
