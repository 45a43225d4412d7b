#include "base/log_line.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <array>
#include <ctime>

#include "base/text.h"

namespace threadrunner::log {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// Without what would begin another line, or steer the terminal that shows it.
std::string one_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_control(c) && c != '\t') {
            out += c == '\n' ? "\\n" : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out;
}

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : utf8_repair(text)) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (is_control(c)) {
            out += c == '\n' ? "\\n" : fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string plain_value(const std::string& text) {
    if (!text.empty() && text.find_first_of(" \t\n\"=") == std::string::npos) {
        return text;
    }
    return json_text(text);
}

std::string text_of(const Field& field, std::string (*quote)(const std::string&)) {
    if (const auto* text = std::get_if<std::string>(&field.value)) {
        return quote(*text);
    }
    return std::to_string(std::get<std::int64_t>(field.value));
}

std::string said(const Line& line) {
    std::string out = fmt::format("{}:", line.target);
    if (!line.job.empty()) {
        out += fmt::format(" {}", line.job);
    }
    if (!line.message.empty()) {
        out += ' ';
        out += one_line(line.message);
    }
    for (const Field& field : line.fields) {
        out += fmt::format(" {}={}", field.name, text_of(field, plain_value));
    }
    return out;
}

std::string stamp(Time time) {
    using namespace std::chrono;
    const auto ms = duration_cast<milliseconds>(time.time_since_epoch());
    const std::time_t seconds = floor<std::chrono::seconds>(ms).count();
    std::tm local{};
    ::localtime_r(&seconds, &local);
    std::array<char, 8> zone{};
    std::strftime(zone.data(), zone.size(), "%z", &local);
    const std::string_view digits = zone.data();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}{}:{}", local,
                       (ms - floor<std::chrono::seconds>(ms)).count(), digits.substr(0, 3),
                       digits.substr(3));
}

std::string_view name_of(Level level) { return level_names[static_cast<std::size_t>(level)]; }

}  // namespace

std::string plain_line(const Line& line, Time time) {
    const char letter = static_cast<char>(name_of(line.level)[0] - 'a' + 'A');
    return fmt::format("{} {} {}", stamp(time), letter, said(line));
}

std::string json_line(const Line& line, Time time) {
    std::string out = fmt::format(R"({{"time":"{}","level":"{}","target":"{}")", stamp(time),
                                  name_of(line.level), line.target);
    if (!line.job.empty()) {
        out += fmt::format(",\"job\":{}", json_text(line.job));
    }
    out += fmt::format(",\"message\":{}", json_text(line.message));
    for (const Field& field : line.fields) {
        const auto quote = [](const std::string& text) { return json_text(text); };
        out += fmt::format(",\"{}\":{}", field.name, text_of(field, quote));
    }
    return out + "}";
}

std::string journal_line(const Line& line) {
    // sd-daemon(3): the priorities of syslog
    constexpr std::array<int, 6> priorities = {7, 7, 6, 4, 3, 7};
    return fmt::format("<{}>{}", priorities[static_cast<std::size_t>(line.level)], said(line));
}

}  // namespace threadrunner::log
