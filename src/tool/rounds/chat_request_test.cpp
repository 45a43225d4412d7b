#include "tool/rounds/chat_request.h"

#include <gtest/gtest.h>

namespace threadrunner::tool {
namespace {

using wire::Json;

const std::vector<Function> functions = {{.name = "disc_read",
                                          .tool = "disc",
                                          .op = "read",
                                          .summary = "Reads.",
                                          .parameters = {{"type", "object"}}}};
const std::string offered =
    R"({"function":{"description":"Reads.","name":"disc_read","parameters":{"type":"object"}},)"
    R"("type":"function"})";

TEST(ChatRequest, OffersFunctionsAndLeavesEveryOtherByteAsItWas) {
    ChatRequest request(R"({ "z": 1.0, "tools":null, "messages":[ {"b":1,"a":2} ] })");
    request.offer(functions);
    EXPECT_EQ(request.text(),
              R"({ "z": 1.0, "tools":[)" + offered + R"(], "messages":[ {"b":1,"a":2} ] })");
}

TEST(ChatRequest, OffersThemBesidesTheClientsOwn) {
    ChatRequest request(R"({"tools":[{"type":"function"}],"messages":[]})");
    request.offer(functions);
    EXPECT_EQ(request.text(),
              R"({"tools":[{"type":"function"},)" + offered + R"(],"messages":[]})");
}

TEST(ChatRequest, OffersThemWhereThereWereNone) {
    ChatRequest request(R"({"messages":[]})");
    request.offer(functions);
    EXPECT_EQ(request.text(), R"({"tools":[)" + offered + R"(],"messages":[]})");
}

TEST(ChatRequest, GrowsByMessages) {
    ChatRequest request(R"({"messages":[{"role":"user"} ],"x":1})");
    request.go_on(Json::array({{{"role", "tool"}}}));
    EXPECT_EQ(request.text(), R"({"messages":[{"role":"user"} ,{"role":"tool"}],"x":1})");
}

TEST(ChatRequest, LetsTheModelChooseOnceItHasMadeTheCallThatWasDemanded) {
    ChatRequest request(R"({"tool_choice":"required","messages":[{}]})");
    request.offer(functions);
    EXPECT_NE(request.text().find(R"("tool_choice":"required")"), std::string::npos);
    request.go_on(Json::array({{{"role", "tool"}}}));
    EXPECT_NE(request.text().find(R"("tool_choice":"auto")"), std::string::npos);
}

}  // namespace
}  // namespace threadrunner::tool
