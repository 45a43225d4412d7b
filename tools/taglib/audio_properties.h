#pragma once

#include "protocol/tool.h"
#include "taglib/format.h"

namespace threadrunner::taglib {

/// What the audio is like: bitrate (kbit/s), sampleRate (Hz), channels, lengthMs, codec, container,
/// lossless, and bitsPerSample where the format has one.
[[nodiscard]] tools::Json audio_properties(const Opened& audio);

}  // namespace threadrunner::taglib
