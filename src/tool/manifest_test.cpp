#include "tool/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_directory.h"

namespace threadrunner::tool {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using namespace std::chrono_literals;

constexpr std::string_view least = "name = \"t\"\nmodule = \"t.wasm\"\n";

Result<Manifest> parse(std::string_view text) { return parse_manifest(text, "/tools/t/tool.toml"); }

std::string fault(const std::string& line) {
    const auto manifest = parse(std::string(least) + line);
    if (manifest) {
        return "no fault";
    }
    EXPECT_EQ(manifest.error().code, ErrorCode::invalid_request);
    return manifest.error().message;
}

TEST(Manifest, SaysAllThatAToolIsGiven) {
    const auto manifest = parse(R"(name = "taglib"
module = "bin/taglib-sidecar.wasm"
memory_mib = 128
deadline_ms = 1500
idle_seconds = 0
instances = 2
args = ["-v", ""]
env = { LANG = "C" }

[preopens]
"/music" = { host = "/srv/music/../Music", mode = "rw" }
"/books" = { host = "/books" }
)");
    ASSERT_TRUE(manifest) << manifest.error().message;
    EXPECT_EQ(manifest->name, "taglib");
    EXPECT_EQ(manifest->module, "/tools/t/bin/taglib-sidecar.wasm");
    EXPECT_EQ(manifest->memory_mib, 128U);
    EXPECT_EQ(manifest->deadline, 1500ms);
    EXPECT_EQ(manifest->idle, 0s);
    EXPECT_EQ(manifest->instances, 2U);
    EXPECT_THAT(manifest->arguments, ElementsAre("-v", ""));
    EXPECT_THAT(manifest->environment, ElementsAre(Pair("LANG", "C")));
    EXPECT_THAT(manifest->preopens,
                ElementsAre(Grant{.host = "/books", .guest = "/books"},
                            Grant{.host = "/srv/Music", .guest = "/music", .writable = true}));
}

TEST(Manifest, GivesNothingThatItDoesNotName) {
    const auto manifest = parse(least);
    ASSERT_TRUE(manifest) << manifest.error().message;
    EXPECT_TRUE(manifest->preopens.empty());
    EXPECT_TRUE(manifest->environment.empty());
    EXPECT_TRUE(manifest->arguments.empty());
    EXPECT_EQ(manifest->memory_mib, 512U);
    EXPECT_EQ(manifest->deadline, 30s);
    EXPECT_EQ(manifest->idle, 300s);
    EXPECT_EQ(manifest->instances, 1U);
}

TEST(Manifest, AFaultNamesFileLineAndRemedy) {
    EXPECT_THAT(fault("x =\n"), HasSubstr("/tools/t/tool.toml:3: "));
    EXPECT_THAT(fault("\nmemory_mb = 5\n"),
                AllOf(HasSubstr("tool.toml:4: "), HasSubstr("did you mean 'memory_mib'?")));
    EXPECT_THAT(fault("network = true\n"), HasSubstr("it has name, module, preopens"));
    EXPECT_THAT(fault("memory_mib = \"5\"\n"), HasSubstr("a whole number from 1 to 4096"));
    EXPECT_THAT(fault("memory_mib = 4097\n"), HasSubstr("a whole number from 1 to 4096"));
    EXPECT_THAT(fault("deadline_ms = -1\n"), HasSubstr("deadline_ms takes a whole number"));
    EXPECT_THAT(fault("instances = 0\n"), HasSubstr("from 1 to 16"));
    EXPECT_THAT(fault("env = [\"A=b\"]\n"), HasSubstr("env is a table"));
    EXPECT_THAT(fault("env = { A = 5 }\n"), HasSubstr("'A' is no variable"));
    EXPECT_THAT(fault("args = \"x\"\n"), HasSubstr("args is a list of texts"));
}

TEST(Manifest, WithoutNameOrModuleThereIsNoTool) {
    EXPECT_THAT(parse("name = \"t\"\n").error().message, HasSubstr("it lacks 'module'"));
    EXPECT_THAT(parse("module = \"t.wasm\"\n").error().message, HasSubstr("it lacks 'name'"));
    for (const char* name : {"", "T", "-t", "t/../u", "t.x", "9"}) {
        EXPECT_THAT(parse("name = \"" + std::string(name) + "\"\n").error().message,
                    HasSubstr("cannot be a tool's name"))
            << name;
    }
}

TEST(Manifest, ItsModuleStaysInItsFolder) {
    for (const char* module : {"", "/bin/t.wasm", "../t.wasm", "a/../../t.wasm", "bin/"}) {
        const auto manifest = parse("name = \"t\"\nmodule = \"" + std::string(module) + "\"\n");
        ASSERT_FALSE(manifest) << module;
        EXPECT_THAT(manifest.error().message, HasSubstr("in the manifest's folder"));
    }
}

TEST(Manifest, BadDirectoriesAreRefused) {
    EXPECT_THAT(fault("preopens = 5\n"), HasSubstr("preopens is a table"));
    EXPECT_THAT(fault("[preopens]\n\"/a\" = \"/a\"\n"), HasSubstr("a directory is { host"));
    EXPECT_THAT(fault("[preopens]\n\"/a\" = { mode = \"ro\" }\n"),
                HasSubstr("absolute or from ~/"));
    EXPECT_THAT(fault("[preopens]\n\"/a\" = { host = \"a\" }\n"), HasSubstr("absolute or from ~/"));
    EXPECT_THAT(fault("[preopens]\n\"/a\" = { host = \"/a\", mode = \"w\" }\n"),
                HasSubstr("'mode' is not of a directory"));
    for (const char* guest : {"a", "/a/", "/a/../b", "//a", "/a/./b", "", "/.."}) {
        EXPECT_THAT(fault("[preopens]\n\"" + std::string(guest) + "\" = { host = \"/a\" }\n"),
                    HasSubstr("cannot be the name of a directory"))
            << guest;
    }
}

TEST(Manifest, AFolderWithoutOneIsNoTool) {
    const ScratchDirectory scratch;
    const auto manifest = read_manifest(scratch / "");
    ASSERT_FALSE(manifest);
    EXPECT_EQ(manifest.error().code, ErrorCode::not_found);
    EXPECT_THAT(manifest.error().message, HasSubstr("there is no tool.toml in it"));
    scratch.write("tool.toml", least);
    EXPECT_TRUE(read_manifest(scratch / "."));
}

}  // namespace
}  // namespace threadrunner::tool
