#include "dummy/documents.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "dummy/answer.h"
#include "dummy/request.h"
#include "wire/fields.h"

namespace threadrunner::dummy {
namespace {

using wire::Fields;
using wire::Json;

constexpr std::size_t embedding_size = 8;

/// Counts the bytes by their low bits; a first coordinate above 0 keeps the empty text off the
/// origin.
std::vector<float> embedding_of(const std::string& text) {
    std::array<double, embedding_size> sums{1};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        sums[byte % embedding_size] += 1 + 1.0 / static_cast<double>(i + 1);
    }
    double squares = 0;
    for (const double sum : sums) {
        squares += sum * sum;
    }
    std::vector<float> out;
    for (const double sum : sums) {
        out.push_back(static_cast<float>(sum / std::sqrt(squares)));
    }
    return out;
}

Json piece_of(unsigned char byte) {
    const bool ascii = byte < 0x80;
    return ascii ? Json(std::string(1, static_cast<char>(byte))) : Json::array({byte});
}

Result<Json> checked(Json document, const Fields& fields) {
    if (auto ok = fields.check(); !ok) {
        return std::unexpected(ok.error());
    }
    return document;
}

}  // namespace

Result<Json> tokenize(const Json& body) {
    Fields fields(body, "the body");
    const std::string content = fields.required(fields.text("content"), "content");
    const bool with_pieces = fields.flag("with_pieces").value_or(false);
    Json tokens = Json::array();
    for (const char c : content) {
        const auto byte = static_cast<unsigned char>(c);
        tokens.push_back(with_pieces ? Json{{"id", byte}, {"piece", piece_of(byte)}} : Json(byte));
    }
    return checked({{"tokens", std::move(tokens)}}, fields);
}

Result<Json> detokenize(const Json& body) {
    Fields fields(body, "the body");
    std::string content;
    for (const Json& token : fields.array("tokens")) {
        const bool integer = token.is_number_integer();
        const auto id = integer ? token.get<std::int64_t>() : -1;
        if (id < 0 || id > 255) {
            fields.refuse(
                "'tokens' must hold integers from 0 to 255: the dummy's tokens are bytes");
            break;
        }
        content.push_back(static_cast<char>(id));
    }
    return checked({{"content", std::move(content)}}, fields);
}

Result<Json> apply_template(const Json& body) {
    Fields fields(body, "the body");
    std::string prompt;
    for (const Json& message : fields.array("messages")) {
        Fields parts(message, "a message");
        prompt +=
            parts.text("role").value_or("") + ": " + parts.text("content").value_or("") + "\n";
        if (auto read = parts.check(); !read) {
            fields.refuse(read.error().message);
        }
    }
    if (prompt.empty()) {
        fields.refuse("'messages' must be a list of messages");
    }
    return checked({{"prompt", std::move(prompt)}}, fields);
}

Result<Json> count_tokens(const Json& body) {
    const auto request = decode_message(body);
    if (!request) {
        return std::unexpected(request.error());
    }
    return Json{{"input_tokens", count_words(request->prompt) + count_words(request->earlier)}};
}

Result<Json> rerank(const Json& body) {
    Fields fields(body, "the body");
    const std::string query = fields.required(fields.text("query"), "query");
    Json results = Json::array();
    for (const std::string& document : fields.texts("documents")) {
        std::size_t found = 0;
        std::istringstream words(query);
        for (std::string word; words >> word;) {
            found += document.find(word) != document.npos ? 1 : 0;
        }
        const auto score = static_cast<double>(found) /
                           static_cast<double>(std::max<std::size_t>(1, count_words(query)));
        results.push_back({{"index", results.size()}, {"relevance_score", score}});
    }
    if (results.empty()) {
        fields.refuse("'documents' must be a list of texts");
    }
    return checked({{"model", "dummy"}, {"object", "list"}, {"results", std::move(results)}},
                   fields);
}

Result<Json> embed(const Json& body) {
    Fields fields(body, "the body");
    Json data = Json::array();
    std::size_t words = 0;
    for (const std::string& text : fields.texts("input")) {
        words += count_words(text);
        data.push_back(
            {{"embedding", embedding_of(text)}, {"index", data.size()}, {"object", "embedding"}});
    }
    if (data.empty()) {
        fields.refuse("'input' must be a text or a list of texts");
    }
    return checked({{"model", "dummy"},
                    {"object", "list"},
                    {"usage", {{"prompt_tokens", words}, {"total_tokens", words}}},
                    {"data", std::move(data)}},
                   fields);
}

}  // namespace threadrunner::dummy
