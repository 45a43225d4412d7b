#pragma once

namespace threadrunner {

/// Tells the two meanings of SIGHUP apart: "your terminal is gone" and "read your settings again".
class ControllingTerminal {
public:
    /// To be made before SIGHUP is caught: whoever starts a daemon with it ignored (nohup) wants
    /// it to outlive its terminal.
    ControllingTerminal();

    /// Whether the terminal that this process was started from is gone, and that matters.
    [[nodiscard]] bool gone() const;

private:
    bool matters_;
};

}  // namespace threadrunner
