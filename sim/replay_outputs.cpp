// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay_outputs.h"

#include "sim/frame_comment.h"
#include "sim/report_json.h"

#include <fmt/format.h>
#include <iostream>
#include <unistd.h>
#include <utility>

namespace portscan {
namespace {

constexpr std::string_view standard_output = "-";

/// By something else than JSON, which the table gives way to.
bool standard_output_is_taken(const ReplayTargets &targets) {
    return targets.write_dropped == standard_output || targets.write_passed == standard_output ||
           targets.annotate == standard_output || targets.html == standard_output;
}

/// What `create` makes of the path; nothing where there is none.
template <typename Writer>
std::optional<Writer> writer(std::string_view option, const std::string &path,
                             Writer (*create)(const std::string &)) {
    if (path.empty()) return std::nullopt;
    try {
        return create(path);
    } catch (const CaptureError &error) {
        throw OptionError(fmt::format("{}: {}", option, error.what()));
    }
}

} // namespace

void check_targets(const ReplayTargets &targets, const InputFiles &inputs) {
    check_outputs({{"json", targets.json},
                   {"write-dropped", targets.write_dropped},
                   {"write-passed", targets.write_passed},
                   {"annotate", targets.annotate},
                   {"html", targets.html}},
                  inputs);
}

ReplayOutputs::ReplayOutputs(const ReplayTargets &targets, const std::vector<std::string> &captures,
                             ReplayContext context, std::string command_line) :
    targets_(targets),
    context_(std::move(context)),
    dropped_(writer("write-dropped", targets.write_dropped, CaptureWriter::create)),
    passed_(writer("write-passed", targets.write_passed, CaptureWriter::create)),
    annotated_(writer("annotate", targets.annotate, AnnotatedCapture::create)),
    html_file_("html", targets.html),
    json_file_("json", targets.json, OutputKind::lines),
    table_(captures, {.colour = wants_colour(standard_output_is_taken(targets) ? STDERR_FILENO
                                                                               : STDOUT_FILENO)}) {
    if (targets_.json != standard_output) {
        people_ = standard_output_is_taken(targets_) ? &std::cerr : &std::cout;
    }
    if (!targets_.html.empty()) {
        page_.emplace(html_file_.is_open() ? html_file_.stream() : std::cout, context_,
                      std::move(command_line));
    }
    if (targets_.json.empty()) return;
    json_ = json_file_.is_open() ? &json_file_.stream() : &std::cout;
}

CaptureOptions ReplayOutputs::capture_options(const std::string &filter) {
    CaptureOptions options{.filter = filter};
    if (!annotated_) return options;
    options.blocks = [this](const pcapng::Block &block) {
        lost_.write(annotated_, [&](AnnotatedCapture &capture) { capture.copy(block); });
    };
    return options;
}

void ReplayOutputs::frame(const CapturedFrame &frame, const FrameOutcome &outcome) {
    lost_.write(annotated_, [&](AnnotatedCapture &capture) {
        capture.packet(frame.block, frame_comment(frame, outcome, context_.options.ipv6_prefix));
    });
    if (!outcome.result) return;
    const auto write = [&](CaptureWriter &capture) {
        capture.write(frame.time_ns, frame.bytes, frame.wire_length);
    };
    if (outcome.result->verdict == Verdict::drop) lost_.write(dropped_, write);
    if (outcome.result->verdict == Verdict::pass) lost_.write(passed_, write);
}

void ReplayOutputs::report(const ReplayReport &report, const Timeline &timeline) {
    has_report_ = true;
    if (json_ != nullptr) {
        write_json(*json_, report, context_);
        json_->flush();
    }
    if (page_) page_->report(report, timeline);
    if (people_ != nullptr) write_table(report);
}

void ReplayOutputs::failure(const std::string &why) {
    if (page_) page_->failure(why);
}

void ReplayOutputs::write_table(const ReplayReport &report) {
    if (!std::exchange(heading_written_, true)) *people_ << table_.heading(context_);
    *people_ << table_.rows(report) << std::flush;
}

void ReplayOutputs::close() {
    const auto close = [](auto &capture) { capture.close(); };
    if (!has_report_) { // an older file stays in place of an empty one
        dropped_.reset();
        passed_.reset();
        annotated_.reset();
    }
    lost_.write(dropped_, close);
    lost_.write(passed_, close);
    lost_.write(annotated_, close);
    lost_.attempt([this] {
        if (page_) page_->close();
        html_file_.close();
    });
    lost_.attempt([this] { json_file_.close(); });
    lost_.flush(std::cout);
    if (people_ == &std::cerr) lost_.flush(std::cerr);
    lost_.tell();
}

} // namespace portscan
