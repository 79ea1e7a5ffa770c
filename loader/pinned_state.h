// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/control.h"
#include "loader/pinned_detector.h"
#include "loader/pins.h"

#include <memory>
#include <stdexcept>
#include <string>

namespace portscan {

/// There is no state to work on, or it is damaged; what() is one line that says what to do.
class StateError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The pinned detector with all that can be done to it: what the operator's commands work on. Needs
/// no running process.
struct PinnedState {
    PinDirectory directory;
    PinnedDetector detector;
    Control control;

    /// `its_detector` is not damaged.
    PinnedState(PinDirectory its_directory, PinnedDetector its_detector);
    /// Throws StateError, and std::system_error where the kernel refuses.
    static std::unique_ptr<PinnedState> open(const std::string &pin_dir);
};

} // namespace portscan
