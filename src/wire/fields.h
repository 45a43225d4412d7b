#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/decode.h"

namespace threadrunner::wire {

/// Reads the members of one outside object with their types and ranges checked. The first member
/// that does not fit is remembered as the error and every later read gives nothing, so a decoder
/// reads all it needs and asks for the error once, at its end. Null counts as absent.
class Fields {
public:
    /// `object` must outlive the reader; `what` names it in messages ("the request").
    Fields(const Json& object, std::string_view what);

    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::optional<bool> flag(std::string_view name);
    [[nodiscard]] std::optional<double> number(std::string_view name, double min, double max);
    [[nodiscard]] std::optional<std::int64_t> integer(
        std::string_view name, std::int64_t min,
        std::int64_t max = std::numeric_limits<std::int64_t>::max());
    /// Seconds as a number, or text for parse_duration.
    [[nodiscard]] std::optional<std::chrono::milliseconds> duration(std::string_view name);
    /// A list of texts; a single text counts as a list of one.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name);
    /// Any value; null when absent.
    [[nodiscard]] Json value(std::string_view name);
    [[nodiscard]] Json array(std::string_view name);

    /// Remembers an error of the caller's own rules, unless there is one already.
    void refuse(std::string message);
    /// `given`, or an error that the member is missing and the value's default.
    template <class T>
    [[nodiscard]] T required(std::optional<T> given, std::string_view name) {
        if (!given) {
            refuse(std::string(what_) + " lacks '" + std::string(name) + "'");
            return T{};
        }
        return *std::move(given);
    }

    [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
    [[nodiscard]] Result<void> check() const;

private:
    [[nodiscard]] const Json* find(std::string_view name) const;
    void refuse_member(std::string_view name, std::string_view expected);

    const Json& object_;
    std::string_view what_;
    std::optional<Error> error_;
};

}  // namespace threadrunner::wire
