#include "wire/decode.h"

#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

#include "base/text.h"

namespace threadrunner::wire {
namespace {

/// Builds the document while counting. Returning false from a handler stops the parser at once,
/// before it descends: this is what bounds its recursion.
class BoundedBuilder : public nlohmann::json_sax<Json> {
public:
    BoundedBuilder(const DecodeLimits& limits, bool check_utf8)
        : limits_(limits), check_utf8_(check_utf8) {}

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return is_text(value) && add(std::move(value)); }
    bool binary(binary_t& value) override {
        if (!value.has_subtype()) {
            return add(Json::binary(std::move(value)));
        }
        const auto subtype = value.subtype();
        return add(Json::binary(std::move(value), subtype));
    }
    bool start_object(std::size_t count) override { return open(Json::object(), count); }
    bool start_array(std::size_t count) override { return open(Json::array(), count); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& value) override {
        if (!is_text(value) || !count_one()) {
            return false;
        }
        member_ = &(*stack_.back())[std::move(value)];
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        return refuse("not well-formed at byte " + std::to_string(position));
    }

    [[nodiscard]] Result<Json> result(bool parsed, std::string_view format) && {
        if (parsed && problem_.empty()) {
            return std::move(root_);
        }
        return fail(ErrorCode::invalid_request,
                    std::string(format) + ": " + (problem_.empty() ? "incomplete" : problem_));
    }

private:
    bool refuse(std::string problem) {
        if (problem_.empty()) {
            problem_ = std::move(problem);
        }
        return false;
    }

    bool is_text(const std::string& value) {
        return !check_utf8_ || utf8_valid_prefix(value) == value.size() ||
               refuse("text that is not UTF-8");
    }

    bool count_one() {
        return ++values_ <= limits_.values_max ||
               refuse("more than " + std::to_string(limits_.values_max) + " values");
    }

    /// Where the next value belongs: the root, the member just named, or the array's end.
    Json* place() {
        if (stack_.empty()) {
            return &root_;
        }
        if (stack_.back()->is_array()) {
            return &stack_.back()->emplace_back();
        }
        return member_;
    }

    bool add(Json value) {
        if (!count_one()) {
            return false;
        }
        *place() = std::move(value);
        return true;
    }

    bool open(Json container, std::size_t announced) {
        constexpr auto unknown = static_cast<std::size_t>(-1);
        if (stack_.size() >= limits_.depth_max) {
            return refuse("nested deeper than " + std::to_string(limits_.depth_max) + " levels");
        }
        if (announced != unknown && announced > limits_.values_max) {
            return refuse("a container that announces " + std::to_string(announced) + " values");
        }
        if (!count_one()) {
            return false;
        }
        Json* at = place();
        *at = std::move(container);
        stack_.push_back(at);
        return true;
    }

    bool close() {
        stack_.pop_back();
        return true;
    }

    DecodeLimits limits_;
    bool check_utf8_;
    Json root_;
    std::vector<Json*> stack_;
    Json* member_ = nullptr;
    std::size_t values_ = 0;
    std::string problem_;
};

/// Has nlohmann's parser fill the builder. Exceptions of the library stop here. The modules of
/// tools/ are compiled without any: what is refused comes back as false by parse_error(), and what
/// else could be thrown ends the module.
Result<Json> parse(std::string_view bytes, Json::input_format_t format, BoundedBuilder builder,
                   std::string_view format_name) {
#if defined(__cpp_exceptions)
    try {
#endif
        const bool parsed = Json::sax_parse(bytes.begin(), bytes.end(), &builder, format);
        return std::move(builder).result(parsed, format_name);
#if defined(__cpp_exceptions)
    } catch (const std::exception& error) {
        return fail(ErrorCode::invalid_request, std::string(format_name) + ": " + error.what());
    }
#endif
}

Result<Json> decode(std::string_view bytes, const DecodeLimits& limits, Json::input_format_t format,
                    std::string_view format_name) {
    if (bytes.size() > limits.bytes_max) {
        return fail(ErrorCode::too_large, std::string(format_name) + ": " +
                                              format_bytes(bytes.size()) + "; the limit is " +
                                              format_bytes(limits.bytes_max));
    }
    // nlohmann's JSON lexer checks UTF-8 itself, its MessagePack reader does not.
    BoundedBuilder builder(limits, format == Json::input_format_t::msgpack);
    return parse(bytes, format, std::move(builder), format_name);
}

}  // namespace

Result<Json> decode_json(std::string_view text, const DecodeLimits& limits) {
    // nlohmann's lexer takes a NUL for the end of the text and would pass whatever hides behind it.
    if (const std::size_t at = text.find('\0'); at != text.npos) {
        return fail(ErrorCode::invalid_request,
                    "JSON: not well-formed at byte " + std::to_string(at + 1));
    }
    return decode(text, limits, Json::input_format_t::json, "JSON");
}

Result<Json> decode_msgpack(std::string_view bytes, const DecodeLimits& limits) {
    return decode(bytes, limits, Json::input_format_t::msgpack, "MessagePack");
}

std::string encode_json(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string encode_msgpack(const Json& value) {
    std::string out;
    Json::to_msgpack(value, out);
    return out;
}

}  // namespace threadrunner::wire
