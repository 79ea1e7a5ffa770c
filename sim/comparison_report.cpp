// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/comparison_report.h"

#include "sim/console.h"
#include "sim/options_json.h"
#include "sim/replay_context.h"
#include "sim/time_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_rows = 20;
constexpr std::size_t most_frame_rows = 10;

std::string change_name(const std::pair<Verdict, Verdict> &change) {
    return fmt::format("{}>{}", to_string(change.first), to_string(change.second));
}

Json side_of(const ComparedSide &side) {
    return {{"object_sha256", side.object_sha256}, {"options", options_json(side.options)}};
}

Json result_of(const RunResult &result) {
    return {{"verdict", to_string(result.verdict)}, {"reason", to_string(result.reason)}};
}

Json block_of(const std::optional<std::uint64_t> &frame) {
    const bool at_frame = frame && *frame != 0;
    return {{"blocked", frame.has_value()},
            {"blocked_at_frame", at_frame ? Json(*frame) : Json(nullptr)}};
}

Json frame_of(const ChangedFrame &frame) {
    return {{"frame", frame.number},
            {"time", format_seconds(frame.time_ns)},
            {"a", result_of(frame.before)},
            {"b", result_of(frame.after)},
            {"summary", frame.summary}};
}

Json source_of(const ChangedSource &source) {
    return {{"address", source.address.to_string()},
            {"first_frame", source.first_frame == 0 ? Json(nullptr) : Json(source.first_frame)},
            {"newly_dropped", source.newly_dropped},
            {"newly_passed", source.newly_passed},
            {"a", block_of(source.blocked_before)},
            {"b", block_of(source.blocked_after)}};
}

std::string block_text(const std::optional<std::uint64_t> &frame) {
    if (!frame) return "not blocked";
    return *frame == 0 ? "blocked by an action" : fmt::format("blocked at frame {}", *frame);
}

std::string source_row(const ChangedSource &source) {
    return fmt::format("  {:<22}  {} > {}; {} frames newly dropped, {} newly passed\n",
                       source.address.to_string(), block_text(source.blocked_before),
                       block_text(source.blocked_after), source.newly_dropped, source.newly_passed);
}

std::string frame_row(const ChangedFrame &frame) {
    return fmt::format("  frame {:<8}  {} ({}) > {} ({})  {}\n", frame.number,
                       to_string(frame.before.verdict), to_string(frame.before.reason),
                       to_string(frame.after.verdict), to_string(frame.after.reason),
                       frame.summary);
}

} // namespace

void write_comparison_json(std::ostream &out, const ComparisonReport &report,
                           const ComparedSide &before, const ComparedSide &after) {
    Json changes = Json::object(), frames = Json::array(), sources = Json::array();
    for (const auto &[change, count] : report.changes) changes[change_name(change)] = count;
    for (const ChangedFrame &frame : report.frames) frames.push_back(frame_of(frame));
    for (const ChangedSource &source : report.sources) sources.push_back(source_of(source));
    const Json json{{"schema", compare_schema},
                    {"input", report.input},
                    {"kernel", kernel_release()},
                    {"a", side_of(before)},
                    {"b", side_of(after)},
                    {"packets", report.packets},
                    {"changed", report.changed},
                    {"changes", std::move(changes)},
                    {"damage", report.damage.empty() ? Json(nullptr) : Json(report.damage)},
                    {"frames", std::move(frames)},
                    {"frames_omitted", report.changed - report.frames.size()},
                    {"sources", std::move(sources)}};
    out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

std::string comparison_text(const ComparisonReport &report) {
    std::string text = fmt::format("{}: {} of {} frames change", printable(report.input),
                                   report.changed, report.packets);
    for (const auto &[change, count] : report.changes)
        text += fmt::format(", {} {}", count, change_name(change));
    text += "\n";
    for (std::size_t i = 0; i < report.sources.size() && i < most_rows; ++i)
        text += source_row(report.sources[i]);
    if (report.sources.size() > most_rows)
        text += fmt::format("  and {} more sources: --json lists them all\n",
                            report.sources.size() - most_rows);
    const std::size_t shown = std::min(report.frames.size(), most_frame_rows);
    for (std::size_t i = 0; i < shown; ++i) text += frame_row(report.frames[i]);
    if (report.changed > shown)
        text += fmt::format("  and {} more frames\n", report.changed - shown);
    if (!report.damage.empty()) text += "  compared up to there: " + report.damage + "\n";
    return text;
}

} // namespace portscan
