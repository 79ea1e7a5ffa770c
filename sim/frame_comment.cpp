// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/frame_comment.h"

#include "sim/dissect.h"

#include <fmt/format.h>

namespace portscan {
namespace {

std::string not_run(const FrameOutcome &outcome) {
    return outcome.skip ? fmt::format("xdp: skipped={}", to_string(*outcome.skip))
                        : "xdp: not_selected";
}

/// Who sent it, and the port of a probe.
std::string origin(const CapturedFrame &frame, unsigned ipv6_prefix) {
    const Dissection seen = dissect(frame);
    std::string text;
    if (seen.source)
        text += fmt::format(" source={}", source_of(*seen.source, ipv6_prefix).to_string());
    if (seen.is_probe && seen.destination_port)
        text += fmt::format(" port={}", *seen.destination_port);
    return text;
}

std::string both(std::string_view before, std::string_view after) {
    return before == after ? std::string{before} : fmt::format("{}>{}", before, after);
}

} // namespace

std::string frame_comment(const CapturedFrame &frame, const FrameOutcome &outcome,
                          unsigned ipv6_prefix) {
    if (!outcome.result) return not_run(outcome);
    return fmt::format("xdp: verdict={} reason={}{}", to_string(outcome.result->verdict),
                       to_string(outcome.result->reason), origin(frame, ipv6_prefix));
}

std::string compared_comment(const CapturedFrame &frame, const FrameOutcome &before,
                             const FrameOutcome &after, unsigned ipv6_prefix) {
    if (!before.result || !after.result) return not_run(before);
    const RunResult &one = *before.result;
    const RunResult &other = *after.result;
    return fmt::format(
        "xdp: {}verdict={} reason={}{}", one.verdict == other.verdict ? "" : "changed ",
        both(to_string(one.verdict), to_string(other.verdict)),
        both(to_string(one.reason), to_string(other.reason)), origin(frame, ipv6_prefix));
}

} // namespace portscan
