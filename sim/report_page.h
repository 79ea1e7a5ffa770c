// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/replay.h"
#include "sim/replay_context.h"
#include "sim/timeline.h"

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace portscan {

/// Adds a frame to the timeline of its capture.
void add_to(Timeline &timeline, const FrameOutcome &outcome);

/// The page of `replay --html`, written while the captures are replayed: one HTML file that needs
/// nothing else. Its data are the line of `--json` of each capture, word for word, and the figures
/// that are not in it; docs/report.md has both. What comes from a capture or a command line is
/// never part of the page's markup, and by the page's policy no script runs but its own.
class ReportPage {
  public:
    /// Writes what stands before the data. The stream must outlive the page, and has the state of
    /// errors. `command_line` is for people, as a shell reads it.
    ReportPage(std::ostream &out, ReplayContext context, std::string command_line);

    void report(const ReplayReport &report, const Timeline &timeline);
    /// A capture that cannot be shown, and why.
    void failure(std::string why) { failures_.push_back(std::move(why)); }
    /// Writes the rest. A page without it says that the run did not end.
    void close();

  private:
    void write_figures(const ReplayReport &report, const Timeline &timeline);

    std::ostream &out_;
    ReplayContext context_;
    std::string command_line_;
    std::vector<std::string> failures_;
};

} // namespace portscan
