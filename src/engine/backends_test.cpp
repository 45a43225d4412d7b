#include "engine/backends.h"

#include <gtest/gtest.h>

namespace threadrunner::engine {
namespace {

TEST(Backends, AnEngineThatHasThemInsideNeedsNoFolder) {
    EXPECT_TRUE(load_backends("/nowhere/at/all"));
}

}  // namespace
}  // namespace threadrunner::engine
