#include "engine/engine_args.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "common.h"

namespace threadrunner::engine {
namespace {

using Args = std::vector<std::string>;

Args words(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), {}};
}

std::string refusal(const Args& args) {
    common_params params;
    const auto applied = apply_engine_args(args, params);
    EXPECT_FALSE(applied) << args[0];
    if (applied) {
        return "";
    }
    EXPECT_EQ(applied.error().code, ErrorCode::invalid_request);
    return applied.error().message;
}

common_params applied(const Args& args) {
    common_params params;
    const auto result = apply_engine_args(args, params);
    EXPECT_TRUE(result) << result.error().message;
    return params;
}

TEST(EngineArgs, ShapesComputing) {
    const auto params = applied({"--flash-attn", "off", "-ctk", "q8_0", "--no-repack", "-b", "64"});
    EXPECT_EQ(params.flash_attn_type, LLAMA_FLASH_ATTN_TYPE_DISABLED);
    EXPECT_EQ(params.cache_type_k, GGML_TYPE_Q8_0);
    EXPECT_TRUE(params.no_extra_bufts);
    EXPECT_EQ(params.n_batch, 64);
}

TEST(EngineArgs, ShapesSampling) {
    const auto params = applied({"--temp", "0.25", "--top_k", "7", "--seed", "3"});
    EXPECT_FLOAT_EQ(params.sampling.temp, 0.25F);
    EXPECT_EQ(params.sampling.top_k, 7);
    EXPECT_EQ(params.sampling.seed, 3U);
}

TEST(EngineArgs, EndsTheListsThatLlamaReadsToTheirEnd) {
    const auto params = applied({"--override-kv", "tokenizer.ggml.add_bos_token=bool:false",
                                 "--override-tensor", "blk=CPU"});
    EXPECT_EQ(params.kv_overrides.back().key[0], '\0');
    EXPECT_EQ(params.tensor_buft_overrides.back().pattern, nullptr);
}

TEST(EngineArgs, RefusesWhatNamesFilesAddressesAndKeys) {
    for (const std::string& option : words(
             "--model -m --model-url --hf-repo --hf-token --docker-repo --model-draft --mmproj "
             "--mmproj-url --lora --lora-scaled --control-vector --grammar-file --json-schema-file "
             "--chat-template-file --log-file --log-prompts-dir --slot-save-path --media-path "
             "--path --models-dir --lookup-cache-static --lookup-cache-dynamic --video-ffmpeg-dir "
             "--ssl-key-file --ssl-cert-file --api-key --api-key-file --host --port --rpc --tools "
             "--mcp-servers-config --mcp-servers-json")) {
        const std::string message = refusal({option, "x"});
        EXPECT_NE(message.find(option), message.npos) << message;
    }
}

TEST(EngineArgs, RefusesWhatWouldEndTheProcess) {
    for (const std::string& option :
         words("--help --version --list-devices --cache-list --completion-bash --fit-print")) {
        refusal({option});
    }
}

TEST(EngineArgs, SaysWhichSettingAnOptionHas) {
    EXPECT_NE(refusal({"-c", "100"}).find("setting context"), std::string::npos);
    EXPECT_NE(refusal({"--parallel", "4"}).find("setting slots"), std::string::npos);
    EXPECT_NE(refusal({"-ngl", "4"}).find("setting gpu_layers"), std::string::npos);
}

TEST(EngineArgs, NamesTheOptionThatIsWrong) {
    EXPECT_NE(refusal({"--frobnicate"}).find("'--frobnicate'"), std::string::npos);
    EXPECT_NE(refusal({"--temp"}).find("lacks its value"), std::string::npos);
    EXPECT_NE(refusal({"--top-k", "many"}).find("'many'"), std::string::npos);
    EXPECT_NE(refusal({"--cache-type-k", "q7_x"}).find("'q7_x'"), std::string::npos);
    EXPECT_NE(refusal({"stray"}).find("'stray'"), std::string::npos);
}

TEST(EngineArgs, IsDeafToLlamasEnvironment) {
    ::setenv("LLAMA_ARG_CTX_SIZE", "77", 1);
    ::setenv("LLAMA_ARG_HOST", "0.0.0.0", 1);
    const auto params = applied({"--temp", "1"});
    EXPECT_NE(params.n_ctx, 77);
    EXPECT_EQ(params.hostnames, (std::vector<std::string>{"127.0.0.1"}));
    ::unsetenv("LLAMA_ARG_CTX_SIZE");
    ::unsetenv("LLAMA_ARG_HOST");
}

}  // namespace
}  // namespace threadrunner::engine
