#include "sandbox/module_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/limits.h"
#include "base/scratch_directory.h"

namespace threadrunner::sandbox {
namespace {

namespace fs = std::filesystem;

const std::string sum(64, 'a');
const std::string code = "compiled code";

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

class ModuleCacheTest : public testing::Test {
protected:
    [[nodiscard]] ModuleCache open(std::string_view version = "1.0") const {
        return *ModuleCache::open(folder_, version);
    }
    [[nodiscard]] fs::path entry() const { return folder_ / (sum + "-wasmtime-1.0.cwasm"); }

    ScratchDirectory scratch_;
    fs::path folder_ = scratch_ / "compiled";
};

TEST_F(ModuleCacheTest, GivesBackWhatWasStoredToWhoeverOpensItNext) {
    EXPECT_FALSE(open().find(sum));
    ASSERT_TRUE(open().store(sum, code));
    EXPECT_EQ(open().find(sum), code);
    EXPECT_FALSE(open().find(std::string(64, 'b')));
    EXPECT_EQ(entries(folder_), 1U) << "nothing unfinished is left";
}

TEST_F(ModuleCacheTest, CodeOfAnotherVersionIsNotFound) {
    ASSERT_TRUE(open("1.0").store(sum, code));
    EXPECT_FALSE(open("2.0").find(sum));
}

TEST_F(ModuleCacheTest, ADamagedEntryCountsAsNone) {
    const ModuleCache cache = open();
    ASSERT_TRUE(cache.store(sum, code));
    for (const char* const damage : {"", "compiled", "COMPILED code"}) {
        std::fstream(entry(), std::ios::in | std::ios::out) << damage;
        if (*damage == '\0' || *damage == 'c') {
            fs::resize_file(entry(), std::string_view(damage).size());
        }
        EXPECT_FALSE(cache.find(sum)) << damage;
        ASSERT_TRUE(cache.store(sum, code));
        EXPECT_EQ(cache.find(sum), code);
    }
}

TEST_F(ModuleCacheTest, AFolderThatOthersMayWriteToIsRefused) {
    fs::create_directory(folder_);
    fs::permissions(folder_, fs::perms(0770));
    const auto cache = ModuleCache::open(folder_, "1.0");
    ASSERT_FALSE(cache);
    EXPECT_EQ(cache.error().code, ErrorCode::forbidden);
    EXPECT_NE(cache.error().message.find("chmod 700"), std::string::npos);
}

TEST_F(ModuleCacheTest, AnEntryThatOthersMayWriteToOrThatLeadsElsewhereIsNotTrusted) {
    const ModuleCache cache = open();
    ASSERT_TRUE(cache.store(sum, code));
    fs::permissions(entry(), fs::perms(0602));
    EXPECT_FALSE(cache.find(sum));
    fs::permissions(entry(), fs::perms(0600));
    EXPECT_TRUE(cache.find(sum));
    fs::rename(entry(), folder_ / "elsewhere");
    fs::create_symlink("elsewhere", entry());
    EXPECT_FALSE(cache.find(sum));
}

TEST_F(ModuleCacheTest, TheOldestEntriesGo) {
    const ModuleCache cache = open();
    for (std::size_t i = 0; i < limits::sandbox_cache_entries_max; ++i) {
        const fs::path old = folder_ / (std::to_string(i) + "-wasmtime-0.9.cwasm");
        std::ofstream(old) << "old";
        fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(1000 - i));
    }
    ASSERT_TRUE(cache.store(sum, code));
    EXPECT_EQ(entries(folder_), limits::sandbox_cache_entries_max);
    EXPECT_EQ(cache.find(sum), code);
    EXPECT_FALSE(fs::exists(folder_ / "0-wasmtime-0.9.cwasm"));
    EXPECT_TRUE(fs::exists(folder_ / "1-wasmtime-0.9.cwasm"));
}

}  // namespace
}  // namespace threadrunner::sandbox
