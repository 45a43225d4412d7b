#include "door/http/route_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace threadrunner::http {
namespace {

RouteTable table() {
    const auto route = [](std::string_view method, std::string_view path) {
        return Route{.method = method, .path = path, .errors = openai_errors(), .handle = nullptr};
    };
    return RouteTable({route("GET", "/v1/models"), route("GET", "/v1/models/{id}"),
                       route("POST", "/v1/chat/completions"), route("DELETE", "/jobs/{id}")});
}

TEST(RouteTable, APathIsFoundWithWhatStandsInItsPattern) {
    const RouteTable routes = table();
    EXPECT_EQ(routes.find("GET", "/v1/models").route->path, "/v1/models");
    const auto found = routes.find("GET", "/v1/models/org%2Fmodel/x%20y");
    EXPECT_EQ(found.route->path, "/v1/models/{id}");
    EXPECT_EQ(found.argument, "org/model/x y");
    EXPECT_EQ(routes.find("HEAD", "/v1/models").route->method, "GET");
}

TEST(RouteTable, AnotherMethodIsToldWhichThereAre) {
    const RouteTable routes = table();
    EXPECT_EQ(routes.find("GET", "/v1/chat/completions").route, nullptr);
    EXPECT_EQ(routes.find("GET", "/v1/chat/completions").allowed, "POST");
    EXPECT_EQ(routes.find("POST", "/v1/models").allowed, "GET, HEAD");
}

TEST(RouteTable, WhatIsNotThereIsNotFound) {
    const RouteTable routes = table();
    for (const char* path : {"/", "/v1/models/", "/v1/modelsx", "/jobs", "/../v1/models"}) {
        const auto found = routes.find("GET", path);
        EXPECT_EQ(found.route, nullptr) << path;
        EXPECT_EQ(found.allowed, "") << path;
    }
}

TEST(Request, ParametersOfTheQueryAreDecoded) {
    Request request;
    request.query = "a=1&model=my+model%2Bx&model=2&=&b";
    EXPECT_EQ(request.parameter("model"), "my model+x");
    EXPECT_EQ(request.parameter("b"), "");
    EXPECT_EQ(request.parameter("c"), "");
}

TEST(ErrorAnswer, HasTheShapeTheStatusAndTheRetryOfTheTable) {
    const Answer busy = error_answer({.code = ErrorCode::overloaded,
                                      .message = "full",
                                      .retry_after = std::chrono::milliseconds(1500)},
                                     openai_errors());
    EXPECT_EQ(busy.status, 429U);
    EXPECT_EQ(header_value(busy.headers, "retry-after"), "2");
    EXPECT_THAT(busy.body, testing::HasSubstr(R"("type":"rate_limit_error")"));
    EXPECT_EQ(
        header_value(
            error_answer({.code = ErrorCode::unreachable, .message = {}}, openai_errors()).headers,
            "retry-after"),
        "1");
    EXPECT_THAT(
        error_answer({.code = ErrorCode::context_exceeded, .message = {}}, openai_errors()).body,
        testing::HasSubstr("context_length_exceeded"));
}

}  // namespace
}  // namespace threadrunner::http
