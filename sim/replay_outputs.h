// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/annotated_capture.h"
#include "sim/capture.h"
#include "sim/input_files.h"
#include "sim/lost_outputs.h"
#include "sim/output_file.h"
#include "sim/replay.h"
#include "sim/replay_context.h"
#include "sim/report_page.h"
#include "sim/report_table.h"
#include "sim/timeline.h"

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// Where the results of a replay go. `-` is standard output.
struct ReplayTargets {
    std::string json;          ///< empty: no JSON, a table for people
    std::string write_dropped; ///< frames that the program dropped; empty: nowhere
    std::string write_passed;
    std::string annotate; ///< the captures again, with comments; empty: nowhere
    std::string html;     ///< the page for people; empty: none
};

/// Refuses targets that would overwrite an input, or each other. Throws OptionError.
void check_targets(const ReplayTargets &targets, const InputFiles &inputs);

/// Writes the results of a replay while it runs. The table gives way to JSON on standard output,
/// and to standard error where frames or the page are written to standard output.
class ReplayOutputs {
  public:
    /// Creates the files. Throws OptionError where one cannot be created. `command_line` is what
    /// the page names as the way to repeat the run.
    ReplayOutputs(const ReplayTargets &targets, const std::vector<std::string> &captures,
                  ReplayContext context, std::string command_line);

    /// How a capture is to be opened, so that frame() finds in it what it writes.
    CaptureOptions capture_options(const std::string &filter);
    /// Frames are written: frame() wants each of them, in the order of the captures.
    bool wants_frames() const { return annotated_ || dropped_ || passed_; }
    void frame(const CapturedFrame &frame, const FrameOutcome &outcome);
    /// The page wants the timeline of each capture.
    bool wants_timeline() const { return page_.has_value(); }
    /// The report of one capture; it is out when this returns.
    void report(const ReplayReport &report, const Timeline &timeline);
    /// A capture of which there is no report.
    void failure(const std::string &why);
    /// Completes the files. Throws std::runtime_error where one could not be written whole; the
    /// others are complete then.
    void close();

  private:
    void write_table(const ReplayReport &report);

    ReplayTargets targets_;
    ReplayContext context_;
    std::optional<CaptureWriter> dropped_, passed_;
    std::optional<AnnotatedCapture> annotated_;
    OutputFile html_file_, json_file_;
    std::ostream *json_ = nullptr;
    std::ostream *people_ = nullptr;
    std::optional<ReportPage> page_;
    ReportTable table_;
    bool heading_written_ = false;
    bool has_report_ = false; ///< a capture could be read
    LostOutputs lost_;
};

} // namespace portscan
