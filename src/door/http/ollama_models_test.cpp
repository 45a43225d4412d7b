#include "door/http/ollama_models.h"

#include <gtest/gtest.h>

namespace threadrunner::http {
namespace {

using namespace std::chrono_literals;
using wire::Json;

Json model() {
    return Json::parse(R"({"name":"gemma","aliases":["g"],"path":"/m/gemma.gguf","modified":0,
        "bytes":253113024,"architecture":"gemma3","parameters":268098176,"quantization":"Q4_K_M",
        "context":32768,"capabilities":["complete","tools"],"layers":18,"embedding":640,
        "title":"Gemma","template":"{{ x }}","defaults":{"temperature":0.5,"stop":["#","\n"]}})");
}

TEST(OllamaModels, AreListedUnderEachOfTheirNames) {
    Json broken = model();
    broken["error"] = "torn";
    const Json tags = ollama_tags({{"models", {model(), broken}}})["models"];
    ASSERT_EQ(tags.size(), 2U);
    EXPECT_EQ(tags[0]["name"], "gemma");
    EXPECT_EQ(tags[1]["model"], "g");
    EXPECT_EQ(tags[0]["size"], 253113024);
    EXPECT_EQ(tags[0]["modified_at"], "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(tags[0]["details"], Json::parse(R"({"parent_model":"","format":"gguf",
        "family":"gemma3","families":["gemma3"],"parameter_size":"268.10M",
        "quantization_level":"Q4_K_M"})"));
    Json newer = model();
    newer["modified"] = 1;
    const Json changed = ollama_tags({{"models", {newer}}})["models"][0];
    EXPECT_EQ(changed["digest"].get<std::string>().size(), 64U);
    EXPECT_NE(changed["digest"], tags[0]["digest"]) << "another file has another digest";
}

TEST(OllamaModels, AreShownWithWhatTheyCanDo) {
    const Json shown = ollama_show(model());
    EXPECT_EQ(shown["capabilities"], Json::parse(R"(["completion","tools"])"));
    EXPECT_EQ(shown["template"], "{{ x }}");
    EXPECT_EQ(shown["modelfile"], "FROM /m/gemma.gguf\n");
    EXPECT_EQ(shown["model_info"]["gemma3.context_length"], 32768);
    EXPECT_EQ(shown["parameters"],
              "temperature                    0.5\n"
              "stop                           \"#\"\n"
              "stop                           \"\\n\"\n");
}

TEST(OllamaModels, ThatAreLoadedSayWhenTheyGo) {
    const Json ps = Json::parse(R"({"workers":[
        {"name":"gemma","target":"engine:x","kind":"engine","loaded_ms":5,"expires_ms":2000,
         "reserved_bytes":30,"reserved":{"host":10,"gpu0":20}},
        {"name":"","target":"dummy","kind":"dummy","loaded_ms":5,"expires_ms":null,
         "reserved_bytes":1,"reserved":{"host":1}},
        {"name":"","target":"engine:y","kind":"engine","loaded_ms":null,"expires_ms":null,
         "reserved_bytes":1,"reserved":{"host":1}}]})");
    const Json loaded = ollama_ps(ps, {{"models", {model()}}}, wall_time(0))["models"];
    ASSERT_EQ(loaded.size(), 2U) << "one is loading still";
    EXPECT_EQ(loaded[0]["name"], "gemma");
    EXPECT_EQ(loaded[0]["size"], 30);
    EXPECT_EQ(loaded[0]["size_vram"], 20);
    EXPECT_EQ(loaded[0]["context_length"], 32768);
    EXPECT_EQ(loaded[0]["expires_at"], "1970-01-01T00:00:02.000000Z");
    EXPECT_EQ(loaded[1]["model"], "dummy");
    EXPECT_GT(loaded[1]["expires_at"], "2100") << "nobody knows";
}

}  // namespace
}  // namespace threadrunner::http
