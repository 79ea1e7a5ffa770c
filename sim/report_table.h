// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/replay.h"
#include "sim/replay_context.h"

#include <cstddef>
#include <string>
#include <vector>

namespace portscan {

/// The replay of captures as a table for people: one row for each blocked source, or one that says
/// that nobody was. Columns have their width from the start, so that the rows of a capture can be
/// printed as soon as it is through. Texts end with a newline.
class ReportTable {
  public:
    struct Style {
        bool colour = false;
        std::size_t rows_per_capture = 20; ///< blocked sources shown; the others are counted
    };

    /// `captures` are the names of all that will come; shown without their folders where that
    /// tells them apart.
    ReportTable(const std::vector<std::string> &captures, Style style);

    /// What it ran on, and the columns' titles.
    std::string heading(const ReplayContext &context) const;
    /// The rows of one capture, and what else there is to say of it.
    std::string rows(const ReplayReport &report) const;

  private:
    std::string shown(const std::string &capture) const;

    bool with_folders_ = false;
    std::size_t capture_width_;
    Style style_;
};

/// `2010-08-13 22:12:01.123456Z`: UTC, down to microseconds.
std::string format_utc(std::uint64_t time_ns);

/// Whether text for people may be coloured there: a terminal, and NO_COLOR is not set.
bool wants_colour(int descriptor);

} // namespace portscan
