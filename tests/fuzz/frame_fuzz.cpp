#include <fuzzer/FuzzedDataProvider.h>

#include <string>
#include <vector>

#include "invariant.h"
#include "wire/frame.h"

namespace {

using threadrunner::wire::FrameReader;

struct Taken {
    std::vector<std::string> frames;
    bool broken = false;
    bool mid_frame = false;

    bool operator==(const Taken&) const = default;
};

void take_all(FrameReader& reader, Taken& taken) {
    while (!taken.broken) {
        const auto frame = reader.next();
        if (frame && !*frame) {
            return;
        }
        taken.broken = !frame;
        if (frame) {
            taken.frames.emplace_back(**frame);
        }
    }
}

}  // namespace

/// However a stream is cut, it holds the same frames and breaks at the same place.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    const auto limit = input.ConsumeIntegralInRange<std::size_t>(1, 4096);
    const std::string bytes = input.ConsumeRandomLengthString();

    Taken at_once;
    FrameReader whole(limit);
    whole.push(bytes);
    take_all(whole, at_once);
    at_once.mid_frame = whole.mid_frame();

    Taken piecewise;
    FrameReader cut(limit);
    for (std::string_view rest = bytes; !rest.empty() && !piecewise.broken;) {
        const auto piece = input.ConsumeIntegralInRange<std::size_t>(1, rest.size());
        cut.push(rest.substr(0, piece));
        rest.remove_prefix(piece);
        take_all(cut, piecewise);
    }
    piecewise.mid_frame = piecewise.broken ? at_once.mid_frame : cut.mid_frame();

    threadrunner::fuzz::must_hold(at_once == piecewise, "any cutting gives the same frames");
    std::string again;
    for (const std::string& frame : at_once.frames) {
        threadrunner::fuzz::must_hold(!frame.empty() && frame.size() <= limit,
                                      "frames keep the limits");
        threadrunner::wire::append_frame(again, frame);
    }
    threadrunner::fuzz::must_hold(bytes.starts_with(again), "frames are written as they were read");
    return 0;
}
