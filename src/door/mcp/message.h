#pragma once

#include <array>
#include <expected>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/decode.h"

/// The Model Context Protocol: https://modelcontextprotocol.io/specification, on JSON-RPC 2.0.
namespace threadrunner::mcp {

/// From this revision on each message says for itself which one it is written in ...
inline constexpr std::string_view modern_revision = "2026-07-28";
/// ... before, the first message (initialize) agreed on one for all. Newest first.
inline constexpr std::array<std::string_view, 4> handshake_revisions = {"2025-11-25", "2025-06-18",
                                                                        "2025-03-26", "2024-11-05"};

/// The codes of errors: JSON-RPC 2.0, 5.1, and the protocol's own.
namespace code {
constexpr int parse_error = -32700;
constexpr int invalid_request = -32600;
constexpr int method_not_found = -32601;
constexpr int invalid_params = -32602;
constexpr int internal_error = -32603;
constexpr int header_mismatch = -32020;
constexpr int unsupported_revision = -32022;
}  // namespace code

/// Why a request gets an error instead of a result.
struct Fault {
    int code = code::internal_error;
    std::string message;
    wire::Json data = nullptr;
};

/// A client's message.
struct Message {
    wire::Json id = nullptr;  ///< a text or a number; null: a notification, which is not answered
    std::string method;       ///< empty: the answer to a question, though none is ever asked
    wire::Json params = wire::Json::object();
    bool modern = false;  ///< of the revision without a handshake
};

/// Reads what came in; else the error that answers it, as a document. `document` may be the reason
/// why it is no JSON.
[[nodiscard]] std::expected<Message, wire::Json> read_message(const Result<wire::Json>& document);

/// The answers to a message.
[[nodiscard]] wire::Json result_document(const Message& message, wire::Json result);
[[nodiscard]] wire::Json fault_document(const wire::Json& id, const Fault& fault);

/// Every revision that is spoken here, newest first.
[[nodiscard]] wire::Json spoken_revisions();

/// What is wrong with a message of another one.
[[nodiscard]] Fault unspoken(std::string_view revision);

/// What the server calls itself.
[[nodiscard]] wire::Json server_info();

}  // namespace threadrunner::mcp
