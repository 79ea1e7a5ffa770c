// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture.h"

#include <optional>

namespace portscan {

/// A frame's dissection: that which it has, without a copy, or else its own.
class DissectionOf {
  public:
    explicit DissectionOf(const CapturedFrame &frame) :
        seen_{frame.dissection ? &*frame.dissection : &own_.emplace(dissect(frame))} {}
    DissectionOf(const DissectionOf &) = delete;
    DissectionOf &operator=(const DissectionOf &) = delete;

    const Dissection &operator*() const { return *seen_; }
    const Dissection *operator->() const { return seen_; }

  private:
    std::optional<Dissection> own_{};
    const Dissection *seen_;
};

} // namespace portscan
