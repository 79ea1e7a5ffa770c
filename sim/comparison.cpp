// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/comparison.h"

#include "sim/dissect.h"

namespace portscan {
namespace {

using Blocks = std::map<Prefix, std::uint64_t>;

/// The frame of each source's first block.
Blocks first_blocks(const ReplayReport &report) {
    Blocks blocks;
    for (const SourceReport &source : report.sources)
        if (!source.blocks.empty()) blocks.emplace(source.address, source.blocks.front().frame);
    return blocks;
}

std::optional<std::uint64_t> find(const Blocks &blocks, const Prefix &source) {
    const auto found = blocks.find(source);
    return found == blocks.end() ? std::nullopt : std::optional{found->second};
}

} // namespace

void Comparison::observe(const CapturedFrame &frame, const FrameOutcome &before,
                         const FrameOutcome &after) {
    ++report_.packets;
    if (!before.result || !after.result || before.result->verdict == after.result->verdict) return;
    ++report_.changed;
    ++report_.changes[{before.result->verdict, after.result->verdict}];
    if (report_.frames.size() < report_frames_)
        report_.frames.push_back({.number = frame.number,
                                  .time_ns = frame.time_ns,
                                  .before = *before.result,
                                  .after = *after.result,
                                  .summary = summarize(frame.bytes, frame.wire_length)});
    const auto sender = dissect(frame).source;
    if (!sender) return;
    const Prefix address = source_of(*sender, ipv6_prefix_);
    ChangedSource &source =
        sources_.try_emplace(address, ChangedSource{.address = address}).first->second;
    if (source.first_frame == 0) source.first_frame = frame.number;
    source.newly_dropped += after.result->verdict == Verdict::drop;
    source.newly_passed += after.result->verdict == Verdict::pass;
}

ComparisonReport Comparison::report(const ReplayReport &before, const ReplayReport &after) const {
    const Blocks blocks_before = first_blocks(before), blocks_after = first_blocks(after);
    auto sources = sources_;
    for (const Blocks *const blocks : {&blocks_before, &blocks_after})
        for (const auto &[address, frame] : *blocks)
            if (find(blocks_before, address) != find(blocks_after, address))
                sources.try_emplace(address, ChangedSource{.address = address});

    ComparisonReport report = report_;
    for (auto &[address, source] : sources) {
        source.blocked_before = find(blocks_before, address);
        source.blocked_after = find(blocks_after, address);
        report.sources.push_back(source);
    }
    return report;
}

} // namespace portscan
