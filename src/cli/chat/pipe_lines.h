#pragma once

#include <string>

#include "cli/chat/line_source.h"

namespace threadrunner::cli {

/// Lines from a pipe or a file, whose writer may be as slow as it likes; a last line without its
/// line break counts. Bytes that are no UTF-8 are repaired. It borrows the descriptor. A line of
/// more than a frame holds is a failure.
class PipeLines : public LineSource {
public:
    explicit PipeLines(int fd) : fd_(fd) {}

    [[nodiscard]] Line read(bool continues) override;

private:
    int fd_;
    std::string buffer_;
    bool ended_ = false;
};

}  // namespace threadrunner::cli
