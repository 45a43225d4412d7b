#include "wire/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "base/limits.h"

namespace threadrunner::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using std::string_view_literals::operator""sv;

/// All frames that are whole by now.
std::vector<std::string> take_all(FrameReader& reader) {
    std::vector<std::string> frames;
    while (true) {
        const auto frame = reader.next();
        if (!frame || !*frame) {
            return frames;
        }
        frames.emplace_back(**frame);
    }
}

std::string framed(const std::vector<std::string>& payloads) {
    std::string out;
    for (const std::string& payload : payloads) {
        append_frame(out, payload);
    }
    return out;
}

TEST(Frame, IsALittleEndianLengthAndThatManyBytes) {
    EXPECT_EQ(framed({"abc"}),
              "\x03\0\0\0"
              "abc"sv);
    std::string header;
    append_frame_header(header, 0x01020304);
    EXPECT_EQ(header, "\x04\x03\x02\x01");
}

TEST(FrameReader, SeveralFramesInOneReadAreAllHandedOut) {
    FrameReader reader(100);
    reader.push(framed({"one", "two", "three"}));
    EXPECT_THAT(take_all(reader), ElementsAre("one", "two", "three"));
    EXPECT_FALSE(reader.mid_frame());
}

TEST(FrameReader, AFrameThatIsNotWholeWaits) {
    FrameReader reader(100);
    EXPECT_FALSE(reader.mid_frame());
    reader.push("\x03\0"sv);
    EXPECT_THAT(take_all(reader), ElementsAre());
    EXPECT_TRUE(reader.mid_frame()) << "its time to arrive has begun";
    reader.push("\0\0ab"sv);
    EXPECT_THAT(take_all(reader), ElementsAre());
    reader.push("c");
    EXPECT_THAT(take_all(reader), ElementsAre("abc"));
    EXPECT_FALSE(reader.mid_frame());
}

TEST(FrameReader, ALengthOfZeroHasNoMeaning) {
    FrameReader reader(100);
    reader.push("\0\0\0\0"sv);
    const auto frame = reader.next();
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, ErrorCode::invalid_request);
}

TEST(FrameReader, FourAnnouncedGibibytesAreRefusedAtOnce) {
    FrameReader reader(16);
    reader.push("\xFF\xFF\xFF\xFF"sv);
    const auto frame = reader.next();
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, ErrorCode::too_large);
    EXPECT_THAT(frame.error().message, HasSubstr("4294967295 bytes; the limit is 16 bytes"));
}

TEST(FrameReader, TheLimitItselfIsAllowed) {
    FrameReader reader(16);
    reader.push(framed({std::string(16, 'x'), std::string(17, 'x')}));
    EXPECT_EQ((*reader.next())->size(), 16U);
    EXPECT_FALSE(reader.next());
}

TEST(FrameReader, FramesBeforeABrokenOneStillArrive) {
    FrameReader reader(16);
    reader.push(framed({"good"}) + std::string(4, '\0'));
    EXPECT_EQ(**reader.next(), "good");
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.next()) << "and the stream stays broken";
}

RC_GTEST_PROP(FrameReader, AnyCuttingGivesTheSameFrames, ()) {
    const auto payloads = *rc::gen::container<std::vector<std::string>>(
        rc::gen::nonEmpty(rc::gen::arbitrary<std::string>()));
    const auto sizes =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 9));
    const std::string bytes = framed(payloads);
    FrameReader reader(limits::socket_frame_bytes_max);
    std::vector<std::string> frames;
    std::string_view rest = bytes;
    for (std::size_t i = 0; !rest.empty(); ++i) {
        const std::size_t size = i < sizes.size() ? std::min(sizes[i], rest.size()) : rest.size();
        reader.push(rest.substr(0, size));
        rest.remove_prefix(size);
        for (std::string& frame : take_all(reader)) {
            frames.push_back(std::move(frame));
        }
    }
    RC_ASSERT(frames == payloads);
    RC_ASSERT(!reader.mid_frame());
}

}  // namespace
}  // namespace threadrunner::wire
