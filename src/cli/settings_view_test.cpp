#include "cli/settings_view.h"

#include <gtest/gtest.h>

namespace threadrunner::cli {
namespace {

using wire::Json;

TEST(SettingsView, ShowsEachValueAndWhereItCameFrom) {
    EXPECT_EQ(settings_table_text(
                  {{"settings",
                    {{{"key", "model"}, {"value", ""}, {"source", "default"}, {"place", ""}},
                     {{"key", "log.filter"},
                      {"value", "debug"},
                      {"source", "environment"},
                      {"place", "RUST_LOG"}},
                     {{"key", "worker.idle"},
                      {"value", "5m"},
                      {"source", "file"},
                      {"place", "/h/config.toml:3"}}}}}),
              "SETTING      VALUE  FROM\n"
              "model        \"\"     default\n"
              "log.filter   debug  $RUST_LOG\n"
              "worker.idle  5m     /h/config.toml:3\n");
}

TEST(SettingsView, SaysWhatTheDaemonDoesNotGoByYet) {
    EXPECT_EQ(settings_table_text({{"settings",
                                    {{{"key", "memory.mib"},
                                      {"value", "0"},
                                      {"source", "default"},
                                      {"later", "9"},
                                      {"after", "restart"}}}},
                                   {"fault", "broken\x1b[2J"}}),
              "SETTING     VALUE  FROM\n"
              "memory.mib  0      default\n"
              "\nThe running daemon does not go by these yet:\n"
              "  memory.mib  9  after: threadrunner stop\n"
              "\nThe settings cannot be read again: broken\u241b[2J\n");
}

TEST(SettingsView, AReloadSaysWhatChangedAndWhenItApplies) {
    EXPECT_EQ(reload_text({{"changes", Json::array()}}), "no setting has changed\n");
    EXPECT_EQ(
        reload_text(
            {{"changes",
              {{{"key", "model"}, {"from", ""}, {"to", "m"}, {"applies", "now"}},
               {{"key", "queue.jobs"}, {"from", "1"}, {"to", "2"}, {"applies", "restart"}}}}}),
        "model       \"\"  ->  m  applies now\n"
        "queue.jobs  1   ->  2  applies when the daemon starts anew\n");
}

}  // namespace
}  // namespace threadrunner::cli
