#include "door/http/llama_server.h"

#include <string>

#include "door/http/passage.h"

namespace threadrunner::http {
namespace {

Route passed(std::string_view method, std::string_view path) {
    return {.method = method,
            .path = path,
            .errors = openai_errors(),
            .handle = pass_to_worker({.path = std::string(path)})};
}

}  // namespace

std::vector<Route> llama_server_routes() {
    return {passed("POST", "/tokenize"),       passed("POST", "/detokenize"),
            passed("POST", "/apply-template"), passed("POST", "/completion"),
            passed("GET", "/props"),           passed("GET", "/slots")};
}

}  // namespace threadrunner::http
