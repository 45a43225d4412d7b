#include "kinds/placement.h"

#include <gtest/gtest.h>

#include <limits>

namespace threadrunner {
namespace {

constexpr gguf::MemoryEstimate model{.weights_bytes = 8000, .kv_bytes = 2000, .compute_bytes = 100};

TEST(Placement, WithoutOtherDevicesAllIsOnTheHost) {
    EXPECT_EQ(place(model, 9, 999, {}), (DeviceBytes{{"host", 10'100}}));
}

TEST(Placement, NoLayersForDevicesMeansTheHost) {
    EXPECT_EQ(place(model, 9, 0, {{"CUDA0", 1'000'000}}), (DeviceBytes{{"host", 10'100}}));
}

TEST(Placement, AllLayersGoToTheDeviceAndTheHostKeepsItsBuffers) {
    const auto bytes = place(model, 9, 999, {{"CUDA0", 1'000'000}});
    EXPECT_NEAR(static_cast<double>(bytes_of(bytes, "CUDA0")), 10'100, 1);
    EXPECT_NEAR(static_cast<double>(bytes_of(bytes, "host")), 100, 1);
}

TEST(Placement, SomeLayersTakeTheirPart) {
    const auto bytes = place(model, 9, 4, {{"CUDA0", 1'000'000}});
    EXPECT_NEAR(static_cast<double>(bytes_of(bytes, "CUDA0")), 4'100, 1);
    EXPECT_NEAR(static_cast<double>(bytes_of(bytes, "host")), 6'100, 1);
}

TEST(Placement, DevicesShareByWhatTheyHaveFree) {
    const auto bytes = place(model, 9, 10, {{"CUDA0", 30'000}, {"CUDA1", 10'000}});
    EXPECT_NEAR(static_cast<double>(bytes_of(bytes, "CUDA0")), 7'600, 1);
    EXPECT_NEAR(static_cast<double>(bytes_of(bytes, "CUDA1")), 2'600, 1);
}

TEST(Placement, AHeaderThatLiesBeyondAllMeasureStillSaturates) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    const gguf::MemoryEstimate absurd{
        .weights_bytes = most, .kv_bytes = most, .compute_bytes = most};
    EXPECT_EQ(bytes_of(place(absurd, most, 0, {}), "host"), most);
    EXPECT_GT(bytes_of(place(absurd, most, most, {{"CUDA0", 1}}), "CUDA0"), most / 2);
}

TEST(Placement, DevicesAreReadFromWhatTheEngineSays) {
    const auto devices = read_devices(R"({"devices":[
        {"name":"CUDA0","kind":"gpu","memory_bytes":2000,"free_bytes":1000},
        {"name":"Vulkan0","kind":"igpu","memory_bytes":2000,"free_bytes":1000},
        {"name":"CPU","kind":"cpu","memory_bytes":9000,"free_bytes":5000}]})");
    ASSERT_TRUE(devices) << devices.error().message;
    ASSERT_EQ(devices->size(), 1U) << "what shares the host's memory is no device of its own";
    EXPECT_EQ(devices->front().name, "CUDA0");
    EXPECT_EQ(bytes_of(device_limits(*devices), "CUDA0"), 950U);
}

TEST(Placement, WhatIsNoListOfDevicesIsRefused) {
    for (const char* text : {"", "[]", "{}", R"({"devices":1})", R"({"devices":[1]})",
                             R"({"devices":[{"name":"CUDA0"}]})"}) {
        EXPECT_FALSE(read_devices(text)) << text;
    }
}

}  // namespace
}  // namespace threadrunner
