#include "door/socket/v2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "base/limits.h"

namespace threadrunner::socket_v2 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;
using wire::Json;

const Clock::time_point now = Clock::time_point{} + 1h;

Result<Request> decode(const std::string& op, Json members = Json::object()) {
    members["v"] = 2;
    members["id"] = 1;
    members["op"] = op;
    return decode_request({.id = 1, .op = op}, members, now);
}

template <class T>
T decoded(const std::string& op, const Json& members = Json::object()) {
    auto request = decode(op, members);
    EXPECT_TRUE(request) << request.error().message;
    const T* wanted = request ? std::get_if<T>(&*request) : nullptr;
    EXPECT_NE(wanted, nullptr);
    return wanted == nullptr ? T{} : *wanted;
}

template <class T>
T work_of(const std::string& op, const Json& members) {
    return std::get<T>(decoded<JobSpec>(op, members).work);
}

std::string fault_of(const std::string& op, const Json& members = Json::object(),
                     ErrorCode code = ErrorCode::invalid_request) {
    const auto request = decode(op, members);
    if (request) {
        return "no fault";
    }
    EXPECT_EQ(request.error().code, code) << request.error().message;
    return request.error().message;
}

/// The fault of a generate request with one member more.
std::string fault_with(const char* member, const Json& value) {
    return fault_of("generate", {{"prompt", "a"}, {member, value}});
}

TEST(SocketV2Envelope, ReadsWhatIsNeededToAnswer) {
    const auto envelope = decode_envelope({{"v", 2}, {"id", 9007199254740991}, {"op", "ps"}});
    ASSERT_TRUE(envelope) << envelope.error().message;
    EXPECT_EQ(envelope->id, limits::request_id_max);
    EXPECT_EQ(envelope->op, "ps");
    EXPECT_TRUE(decode_envelope({{"id", 0}, {"op", "what"}}));
}

TEST(SocketV2Envelope, WithoutItARequestCannotBeAnswered) {
    const auto fault = [](const Json& frame) { return decode_envelope(frame).error().message; };
    EXPECT_THAT(fault({{"op", "ps"}}), HasSubstr("lacks 'id'"));
    EXPECT_THAT(fault({{"id", 1}}), HasSubstr("lacks 'op'"));
    for (const Json& id : {Json(-1), Json(9007199254740992), Json(1.5), Json("1"), Json(nullptr)}) {
        EXPECT_FALSE(decode_envelope({{"id", id}, {"op", "ps"}})) << id;
    }
    EXPECT_THAT(fault({{"id", 1}, {"op", 7}}), HasSubstr("'op' must be a string"));
    EXPECT_THAT(fault(7), HasSubstr("not an object"));
}

TEST(SocketV2Generate, APromptAloneIsEnough) {
    const auto spec = decoded<JobSpec>("generate", {{"prompt", "Why?"}});
    EXPECT_EQ(spec.backend, "llama");
    EXPECT_EQ(spec.model, "");
    EXPECT_EQ(spec.priority, Priority::interactive);
    EXPECT_EQ(spec.deadline, std::nullopt);
    EXPECT_EQ(spec.keep_alive, std::nullopt);
    EXPECT_FALSE(spec.detached);
    const auto& generate = std::get<work::Generate>(spec.work);
    EXPECT_EQ(generate.prompt, "Why?");
    EXPECT_FALSE(generate.raw);
    EXPECT_EQ(generate.think, std::nullopt);
    EXPECT_EQ(generate.sampling.max_tokens, std::nullopt);
}

TEST(SocketV2Generate, ASchemaGivenAsTextKeepsTheOrderOfItsMembers) {
    const std::string schema = R"({"properties":{"why":{},"answer":{}}})";
    const auto spec = decoded<JobSpec>("generate", {{"prompt", "a"}, {"json_schema", schema}});
    EXPECT_EQ(std::get<work::Generate>(spec.work).json_schema, schema);
    for (const Json& wrong : {Json(7), Json("no JSON"), Json("[]"), Json::array()}) {
        EXPECT_THAT(fault_of("generate", {{"prompt", "a"}, {"json_schema", wrong}}),
                    HasSubstr("'json_schema' must be a JSON schema"));
    }
}

TEST(SocketV2Generate, EveryMemberIsRead) {
    const auto spec = decoded<JobSpec>("generate", {{"messages", {{{"role", "user"}}}},
                                                    {"system", "Be brief."},
                                                    {"tools", Json::array()},
                                                    {"json_schema", {{"type", "object"}}},
                                                    {"temperature", 0.5},
                                                    {"top_p", 0.9},
                                                    {"top_k", 40},
                                                    {"min_p", 0.1},
                                                    {"repeat_penalty", 1.1},
                                                    {"seed", 4294967295},
                                                    {"max_tokens", 7},
                                                    {"stop", {"a", "b"}},
                                                    {"think", false},
                                                    {"logprobs", 3},
                                                    {"backend", "dummy"},
                                                    {"model", "m"},
                                                    {"priority", "batch"},
                                                    {"deadline_ms", 1500},
                                                    {"keep_alive", "5m"},
                                                    {"detach", true},
                                                    {"session", nullptr},
                                                    {"unknown", 7}});
    EXPECT_EQ(spec.backend, "dummy");
    EXPECT_EQ(spec.model, "m");
    EXPECT_EQ(spec.priority, Priority::batch);
    EXPECT_EQ(spec.deadline, now + 1500ms);
    EXPECT_EQ(spec.keep_alive, 5min);
    EXPECT_TRUE(spec.detached);
    const auto& generate = std::get<work::Generate>(spec.work);
    EXPECT_EQ(generate.messages, (Json{{{"role", "user"}}}));
    EXPECT_EQ(generate.system, "Be brief.");
    EXPECT_EQ(generate.tools, Json::array());
    EXPECT_EQ(generate.json_schema, R"({"type":"object"})");
    EXPECT_EQ(generate.think, false);
    EXPECT_EQ(generate.logprobs, 3);
    const work::Sampling& sampling = generate.sampling;
    EXPECT_EQ(sampling.temperature, 0.5);
    EXPECT_EQ(sampling.top_p, 0.9);
    EXPECT_EQ(sampling.top_k, 40);
    EXPECT_EQ(sampling.min_p, 0.1);
    EXPECT_EQ(sampling.repeat_penalty, 1.1);
    EXPECT_EQ(sampling.seed, 4294967295);
    EXPECT_EQ(sampling.max_tokens, 7);
    EXPECT_THAT(sampling.stop, ElementsAre("a", "b"));
}

TEST(SocketV2Generate, OneStopTextNeedsNoListAndKeepAliveMayBeSecondsOrForEver) {
    EXPECT_THAT(work_of<work::Generate>("generate", {{"prompt", "a"}, {"stop", "x"}}).sampling.stop,
                ElementsAre("x"));
    const auto keep_alive = [](const Json& value) {
        return decoded<JobSpec>("generate", {{"prompt", "a"}, {"keep_alive", value}}).keep_alive;
    };
    EXPECT_EQ(keep_alive(0), 0ms);
    EXPECT_EQ(keep_alive(1.5), 1500ms);
    EXPECT_EQ(keep_alive("250ms"), 250ms);
    EXPECT_EQ(keep_alive(-1), std::chrono::milliseconds::max());
}

TEST(SocketV2Generate, AValueOfTheWrongTypeIsNamed) {
    for (const char* text : {"model", "backend", "system", "grammar", "priority"}) {
        EXPECT_EQ(fault_with(text, 7), "'" + std::string(text) + "' must be a string");
    }
    EXPECT_EQ(fault_of("generate", {{"prompt", 7}}), "'prompt' must be a string");
    for (const char* flag : {"raw", "think", "detach"}) {
        EXPECT_EQ(fault_with(flag, 1), "'" + std::string(flag) + "' must be true or false");
    }
    for (const char* number : {"temperature", "top_p", "min_p", "repeat_penalty"}) {
        EXPECT_THAT(fault_with(number, "1"), HasSubstr(std::string(number) + "' must be a number"));
    }
    for (const char* integer : {"top_k", "seed", "max_tokens", "logprobs", "deadline_ms"}) {
        for (const Json& wrong : {Json("1"), Json(1.5), Json(true), Json::array()}) {
            EXPECT_THAT(fault_with(integer, wrong),
                        HasSubstr(std::string(integer) + "' must be an integer from"));
        }
    }
    EXPECT_THAT(fault_with("stop", Json{"a", 7}), HasSubstr("'stop' must be a string or a list"));
    EXPECT_EQ(fault_with("tools", "a"), "'tools' must be a list");
    EXPECT_EQ(fault_of("generate", {{"messages", "a"}}), "'messages' must be a list");
    EXPECT_THAT(fault_with("keep_alive", "soon"), HasSubstr("'keep_alive' is no duration"));
    EXPECT_THAT(fault_with("keep_alive", true), HasSubstr("'keep_alive' is no duration"));
}

TEST(SocketV2Generate, AValueOutOfRangeIsNamed) {
    struct Range {
        const char* name;
        std::vector<Json> inside;
        std::vector<Json> outside;
    };
    const Json huge = 18446744073709551615ULL;
    const std::vector<Range> ranges = {
        {"temperature", {0, 100}, {-0.1, 100.1}},
        {"top_p", {0, 1}, {-0.1, 1.1}},
        {"min_p", {0, 1}, {-0.1, 1.1}},
        {"repeat_penalty", {0, 100}, {-0.1, 100.1}},
        {"top_k", {0, 1 << 30}, {-1, (1 << 30) + 1, huge}},
        {"seed", {-1, 4294967295}, {-2, 4294967296, huge}},
        {"max_tokens", {1, 1 << 30}, {0, -1, (1 << 30) + 1, huge}},
        {"logprobs", {0, 64}, {-1, 65}},
        {"deadline_ms", {1, 31536000000}, {0, -1, 31536000001, huge}},
        {"keep_alive", {0, "365d"}, {-2, 1e300, "99999999d"}},
    };
    for (const Range& range : ranges) {
        for (const Json& value : range.inside) {
            EXPECT_EQ(fault_with(range.name, value), "no fault") << range.name << value;
        }
        for (const Json& value : range.outside) {
            EXPECT_THAT(fault_with(range.name, value), HasSubstr(std::string("'") + range.name))
                << range.name << value;
        }
    }
}

TEST(SocketV2Generate, WishesThatContradictEachOtherAreRefused) {
    EXPECT_THAT(fault_of("generate"), HasSubstr("either 'prompt' or 'messages'"));
    EXPECT_THAT(fault_of("generate", {{"prompt", "a"}, {"messages", {{{"role", "user"}}}}}),
                HasSubstr("either 'prompt' or 'messages'"));
    EXPECT_EQ(fault_of("generate", {{"prompt", ""}}), "'prompt' is empty");
    EXPECT_EQ(fault_of("generate", {{"messages", Json::array()}}), "'messages' is empty");
    EXPECT_THAT(fault_of("generate", {{"messages", {7}}}), HasSubstr("must be an object"));
    EXPECT_THAT(fault_of("generate", {{"messages", {{{"content", "a"}}}}}), HasSubstr("'role'"));
    for (const auto& [member, value] :
         {std::pair<const char*, Json>{"system", "a"}, {"tools", Json::array()}}) {
        EXPECT_THAT(fault_of("generate", {{"prompt", "a"}, {"raw", true}, {member, value}}),
                    HasSubstr("'raw' is for a bare 'prompt'"));
    }
    EXPECT_THAT(fault_of("generate", {{"messages", {{{"role", "user"}}}}, {"raw", true}}),
                HasSubstr("'raw' is for a bare 'prompt'"));
    EXPECT_THAT(
        fault_of("generate", {{"prompt", "a"}, {"grammar", "g"}, {"json_schema", Json::object()}}),
        HasSubstr("either 'grammar' or 'json_schema'"));
    EXPECT_EQ(fault_with("priority", "urgent"), "'priority' must be interactive or batch");
}

TEST(SocketV2Work, TextsAndTokensAreRead) {
    EXPECT_THAT(work_of<work::Embed>("embed", {{"input", "a"}}).inputs, ElementsAre("a"));
    EXPECT_THAT(work_of<work::Embed>("embed", {{"input", {"a", ""}}}).inputs, ElementsAre("a", ""));
    EXPECT_EQ(work_of<work::Tokenize>("tokenize", {{"text", ""}}).text, "");
    EXPECT_THAT(work_of<work::Detokenize>("detokenize", {{"tokens", {0, 2147483647}}}).tokens,
                ElementsAre(0, 2147483647));
    EXPECT_THAT(work_of<work::Detokenize>("detokenize", {{"tokens", Json::array()}}).tokens,
                testing::IsEmpty());
    EXPECT_EQ(decoded<JobSpec>("load", {{"model", "m"}, {"keep_alive", 60}}).keep_alive, 60s);
}

TEST(SocketV2Work, WhatIsMissingOrNoTokenIsNamed) {
    EXPECT_THAT(fault_of("embed"), HasSubstr("lacks 'input'"));
    EXPECT_THAT(fault_of("embed", {{"input", Json::array()}}), HasSubstr("lacks 'input'"));
    EXPECT_THAT(fault_of("embed", {{"input", {7}}}), HasSubstr("'input' must be"));
    EXPECT_THAT(fault_of("tokenize"), HasSubstr("lacks 'text'"));
    EXPECT_THAT(fault_of("detokenize"), HasSubstr("lacks 'tokens'"));
    EXPECT_THAT(fault_of("detokenize", {{"tokens", 7}}), HasSubstr("'tokens' must be a list"));
    for (const Json& wrong :
         {Json(-1), Json(2147483648), Json(1.0), Json("1"), Json(18446744073709551615ULL)}) {
        EXPECT_THAT(fault_of("detokenize", {{"tokens", {1, wrong}}}),
                    HasSubstr("integers from 0 to 2147483647"))
            << wrong;
    }
}

TEST(SocketV2Daemon, QuestionsAboutTheDaemonNeedNothingElse) {
    decoded<Status>("status");
    decoded<Ps>("ps");
    decoded<Shutdown>("shutdown");
}

TEST(SocketV2Daemon, ModelsAreAskedForAndChangedByName) {
    const auto op = [](const char* name, Json members = Json::object()) {
        return decoded<ModelsOp>(name, std::move(members));
    };
    EXPECT_FALSE(std::get<models_op::List>(op("models")).names_only);
    EXPECT_TRUE(std::get<models_op::List>(op("models", {{"names", true}})).names_only);
    EXPECT_EQ(std::get<models_op::Show>(op("show", {{"model", "m"}})).model, "m");
    EXPECT_EQ(std::get<models_op::Add>(op("add", {{"path", "/m.gguf"}})).path, "/m.gguf");
    EXPECT_EQ(std::get<models_op::Alias>(op("alias", {{"model", "m"}, {"alias", "n"}})).alias, "n");
    EXPECT_EQ(std::get<models_op::Choose>(op("choose", {{"model", "m"}})).model, "m");
    EXPECT_TRUE(
        std::get<models_op::Remove>(op("remove", {{"model", "m"}, {"dry_run", true}})).dry_run);
    const auto adjust = std::get<models_op::Adjust>(
        op("adjust",
           {{"model", "m"}, {"values", {{"top_k", 5}, {"stop", {"a", "b"}}, {"seed", nullptr}}}}));
    EXPECT_EQ(adjust.values,
              (decltype(adjust.values){{"seed", {}}, {"stop", {"a", "b"}}, {"top_k", {"5"}}}));
    EXPECT_THAT(fault_of("adjust", {{"model", "m"}}), HasSubstr("lacks 'values'"));
    EXPECT_THAT(fault_of("adjust", {{"model", "m"}, {"values", {{"seed", true}}}}),
                HasSubstr("'values' must be an object of texts, numbers"));
    EXPECT_THAT(fault_of("add"), HasSubstr("lacks 'path'"));
    EXPECT_THAT(fault_of("remove"), HasSubstr("lacks 'model'"));
}

TEST(SocketV2Daemon, UnloadNamesOneWorkerOrAllThatAreIdle) {
    EXPECT_FALSE(decoded<Unload>("unload").worker);
    const auto by_model = decoded<Unload>("unload", {{"model", "m"}});
    ASSERT_TRUE(by_model.worker);
    EXPECT_EQ(by_model.worker->model, "m");
    EXPECT_EQ(by_model.worker->backend, "llama");
    const auto by_backend = decoded<Unload>("unload", {{"backend", "dummy"}});
    ASSERT_TRUE(by_backend.worker);
    EXPECT_EQ(by_backend.worker->backend, "dummy");
    EXPECT_THAT(fault_of("unload", {{"model", 7}}), HasSubstr("'model' must be"));
}

TEST(SocketV2Daemon, CancelAndAttachNameTheirJob) {
    EXPECT_EQ(decoded<Cancel>("cancel", {{"job", "j17"}}).job, 17U);
    const auto attach = decoded<Attach>("attach", {{"job", "j17"}, {"after_seq", 5}});
    EXPECT_EQ(attach.job, 17U);
    EXPECT_EQ(attach.after_seq, 5U);
    EXPECT_EQ(decoded<Attach>("attach", {{"job", "j17"}}).after_seq, 0U);
    EXPECT_THAT(fault_of("cancel"), HasSubstr("lacks 'job'"));
    EXPECT_THAT(fault_of("cancel", {{"job", 17}}), HasSubstr("'job' must be a string"));
    EXPECT_THAT(fault_of("cancel", {{"job", "17"}}), HasSubstr("such as \"j17\""));
    EXPECT_THAT(fault_of("attach", {{"job", "j1"}, {"after_seq", -1}}), HasSubstr("'after_seq'"));
}

TEST(SocketV2Call, NamesAToolItsOpAndWhatItIsGiven) {
    const auto spec = decoded<JobSpec>("call", {{"tool", "taglib"},
                                                {"name", "read_tags"},
                                                {"args", {{"path", "/m/a.mp3"}}},
                                                {"deadline_ms", 5}});
    EXPECT_EQ(spec.backend, "sandbox");
    EXPECT_EQ(spec.model, "taglib");
    EXPECT_TRUE(spec.deadline);
    const auto& call = std::get<work::Call>(spec.work);
    EXPECT_EQ(call.op, "read_tags");
    EXPECT_EQ(call.args, (Json{{"path", "/m/a.mp3"}}));
    EXPECT_TRUE(call.directories.empty());
    const auto bare = decoded<JobSpec>("call", {{"tool", "text"}, {"name", "describe"}});
    EXPECT_EQ(std::get<work::Call>(bare.work).args, Json::object());
    EXPECT_THAT(fault_of("call", {{"tool", "text"}}), HasSubstr("lacks 'name'"));
    EXPECT_THAT(fault_of("call", {{"tool", "text"}, {"name", "a"}, {"args", "b"}}),
                HasSubstr("'args' must be an object"));
}

TEST(SocketV2Call, DirectoriesAreReadOnlyUnlessTheySayOtherwise) {
    const auto call = [](const Json& directory) {
        return Json{{"tool", "text"}, {"name", "grep"}, {"dirs", Json::array({directory})}};
    };
    const auto directories = [&](const Json& directory) {
        const auto spec = decoded<JobSpec>("call", call(directory));
        return std::get<work::Call>(spec.work).directories;
    };
    EXPECT_THAT(directories({{"host", "/srv/music"}, {"guest", "/music"}}),
                testing::ElementsAre(Grant{.host = "/srv/music", .guest = "/music"}));
    EXPECT_THAT(directories({{"host", "/books"}, {"guest", "/b"}, {"mode", "rw"}}),
                testing::ElementsAre(Grant{.host = "/books", .guest = "/b", .writable = true}));
    EXPECT_THAT(directories({{"host", "/books"}}),
                testing::ElementsAre(Grant{.host = "/books", .guest = ""}));
    EXPECT_THAT(fault_of("call", call({{"guest", "/a"}})), HasSubstr("lacks 'host'"));
    EXPECT_THAT(fault_of("call", call({{"host", "/a"}, {"guest", "/a"}, {"mode", "x"}})),
                HasSubstr("must be ro or rw"));
    EXPECT_THAT(fault_of("call", call(5)), HasSubstr("not an object"));
}

TEST(SocketV2Ops, ToolsOfOursAreOfferedBesidesTheClientsOwn) {
    const Json own = {{"type", "function"}};
    const auto offered = [&](const Json& tool) {
        return decoded<JobSpec>("generate",
                                {{"prompt", "a"}, {"tools", {own, tool}}, {"max_rounds", 3}});
    };
    const JobSpec spec = offered({{"type", "threadrunner"},
                                  {"name", "text"},
                                  {"dirs", {{{"host", "/a"}, {"guest", "/b"}}}},
                                  {"writes", "ask"}});
    ASSERT_EQ(spec.offers.tools.size(), 1U);
    EXPECT_EQ(spec.offers.tools[0].tool, "text");
    EXPECT_EQ(spec.offers.tools[0].writing, Offer::Writing::ask);
    EXPECT_THAT(spec.offers.tools[0].directories,
                testing::ElementsAre(Grant{.host = "/a", .guest = "/b"}));
    EXPECT_EQ(spec.offers.rounds_max, 3U);
    EXPECT_EQ(std::get<work::Generate>(spec.work).tools, Json::array({own}));

    const JobSpec least = offered({{"type", "threadrunner"}, {"name", "text"}});
    EXPECT_EQ(least.offers.tools[0].writing, Offer::Writing::deny);
    const auto none = decoded<JobSpec>("generate", {{"prompt", "a"}, {"tools", {own}}});
    EXPECT_TRUE(none.offers.tools.empty());
    EXPECT_EQ(std::get<work::Generate>(none.work).tools, Json::array({own}));

    const auto fault = [](const Json& tool) {
        return fault_of("generate", {{"prompt", "a"}, {"tools", Json::array({tool})}});
    };
    EXPECT_THAT(fault({{"type", "threadrunner"}}), HasSubstr("lacks 'name'"));
    EXPECT_THAT(fault({{"type", "threadrunner"}, {"name", "a"}, {"writes", "x"}}),
                HasSubstr("deny, ask or allow"));
    EXPECT_THAT(fault({{"type", "threadrunner"}, {"name", "a"}, {"dirs", {1}}}),
                HasSubstr("not an object"));
    const Json many(33, Json{{"type", "threadrunner"}, {"name", "a"}});
    EXPECT_THAT(fault_of("generate", {{"prompt", "a"}, {"tools", many}}), HasSubstr("at most 32"));
}

TEST(SocketV2Ops, ACallIsPermittedByItsName) {
    const auto permit = decoded<Permit>("permit", {{"job", "j7"}, {"call", "c1"}, {"allow", true}});
    EXPECT_EQ(permit.job, 7U);
    EXPECT_EQ(permit.call, "c1");
    EXPECT_TRUE(permit.allow);
    EXPECT_THAT(fault_of("permit", {{"job", "j7"}, {"call", "c1"}}), HasSubstr("lacks 'allow'"));
    EXPECT_THAT(fault_of("permit", {{"job", "j7"}, {"allow", true}}), HasSubstr("lacks 'call'"));
}

TEST(SocketV2Mcp, AMessageComesWithWhatIsOnOffer) {
    const auto bare = decoded<Mcp>("mcp", {{"message", "{"}});
    EXPECT_EQ(bare.message, "{") << "whether it is JSON is the protocol's business";
    EXPECT_TRUE(bare.client.tools.empty());
    EXPECT_FALSE(bare.client.read_only || bare.client.deadline);
    const auto full = decoded<Mcp>("mcp", {{"message", {{"method", "ping"}}},
                                           {"tools", {"text"}},
                                           {"dirs", {{{"host", "/a"}, {"guest", "/b"}}}},
                                           {"read_only", true},
                                           {"deadline_ms", 5}});
    EXPECT_EQ(full.client.tools, std::vector<std::string>{"text"});
    EXPECT_EQ(full.client.directories.at(0).guest, "/b");
    EXPECT_TRUE(full.client.read_only);
    EXPECT_EQ(full.client.deadline, std::chrono::milliseconds(5));
    EXPECT_THAT(fault_of("mcp"), HasSubstr("lacks 'message'"));
}

TEST(SocketV2Ops, WhatThisDaemonLacksIsNotSupportedAndWhatNobodyHasIsUnknown) {
    for (const char* op : {"rerank", "eval", "sessions", "jobs"}) {
        EXPECT_THAT(fault_of(op, Json::object(), ErrorCode::not_supported),
                    HasSubstr("does not serve the op '" + std::string(op) + "'"));
    }
    EXPECT_EQ(
        fault_of("genrate"),
        "unknown op 'genrate'; there are: generate, embed, tokenize, detokenize, load, "
        "pull, call, mcp, tools, install_tool, remove_tool, unload, attach, cancel, permit, "
        "status, ps, models, show, add, alias, adjust, choose, remove, config, reload, shutdown");
    EXPECT_THAT(fault_of("generate", {{"prompt", "a"}, {"session", "s"}}, ErrorCode::not_supported),
                HasSubstr("does not keep sessions"));
}

TEST(SocketV2Event, IsAWholeFrameWithItsRequestAndItsNumber) {
    using std::string_literals::operator""s;
    std::string out = "before";
    append_event(out, 7, 3, event::Token{.text = "a"});
    const std::string json = R"({"ev":"token","id":7,"seq":3,"text":"a","v":2})";
    EXPECT_EQ(out, "before"s + static_cast<char>(json.size()) + "\0\0\0"s + json);
}

}  // namespace
}  // namespace threadrunner::socket_v2
