// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/state_log.h"

#include "sim/dissect.h"
#include "sim/report_table.h"

#include <fmt/format.h>
#include <utility>

namespace portscan {
namespace {

bool changes_state(const FrameOutcome &outcome) {
    if (!outcome.result) return false;
    if (outcome.pass || outcome.block_over || outcome.result->evicted) return true;
    switch (outcome.result->reason) {
    case Reason::threshold:
    case Reason::block_refused:
    case Reason::insert_failed:
    case Reason::contention:
        return true;
    default:
        return false;
    }
}

std::string of_pass(const ExpiryReport &pass) {
    std::string text;
    const auto add = [&text](std::uint64_t count, std::string_view what) {
        if (count == 0) return;
        text +=
            fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, what, count == 1 ? "" : "s");
    };
    add(pass.sources_freed, "source");
    add(pass.blocks_freed, "block");
    if (!text.empty()) text = fmt::format("an expiry pass freed {}", text);
    if (pass.blocks_lifted != 0)
        text += fmt::format("{}lifted {} block{} by the allowlist",
                            text.empty() ? "an expiry pass " : " and ", pass.blocks_lifted,
                            pass.blocks_lifted == 1 ? "" : "s");
    return text;
}

std::string of_block(const FrameOutcome &outcome, const DetectorOptions &options) {
    std::string text = options.dry_run ? "would be blocked" : "is blocked";
    if (outcome.block == nullptr) return text;
    text += fmt::format(" at port {}, after {}", outcome.block->trigger_port,
                        fmt::join(outcome.block->ports, ","));
    if (outcome.blocked_until) text += ", until " + format_utc(*outcome.blocked_until);
    return text;
}

/// Of the packet's own source.
std::string of_source(const Dissection &seen, const FrameOutcome &outcome,
                      const DetectorOptions &options) {
    const unsigned port = seen.destination_port.value_or(0);
    switch (outcome.result->reason) {
    case Reason::threshold:
        return of_block(outcome, options);
    case Reason::block_refused:
        return fmt::format("is not blocked at port {}: --max-blocked is reached", port);
    case Reason::insert_failed:
        return fmt::format("could not be recorded with port {}", port);
    case Reason::contention:
        return fmt::format("was changed by others while port {} was looked at", port);
    default:
        return outcome.block_over ? "starts afresh: its block is over" : "";
    }
}

} // namespace

std::vector<std::string> state_changes(std::string_view capture, const CapturedFrame &frame,
                                       const FrameOutcome &outcome,
                                       const DetectorOptions &options) {
    std::vector<std::string> lines;
    if (!changes_state(outcome)) return lines;
    const std::string begin =
        fmt::format("{}: frame {}, {}: ", capture, frame.number, format_utc(outcome.time_ns));
    const std::string at_host =
        outcome.host ? fmt::format(" (at {})", outcome.host->to_string()) : "";
    const auto add = [&](const std::string &text) {
        if (!text.empty()) lines.push_back(begin + text + at_host);
    };

    if (outcome.pass) add(of_pass(*outcome.pass));
    const Dissection seen = dissect(frame);
    if (!seen.source) return lines;
    const std::string source = source_of(*seen.source, options.ipv6_prefix).to_string();
    if (outcome.result->evicted)
        add(fmt::format("the record used longest ago was evicted for {}", source));
    if (const std::string text = of_source(seen, outcome, options); !text.empty())
        add(fmt::format("{} {}", source, text));
    return lines;
}

} // namespace portscan
