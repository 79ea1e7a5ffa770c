// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_table.h"

#include "sim/console.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fmt/format.h>
#include <numeric>
#include <set>
#include <string_view>
#include <unistd.h>

namespace portscan {
namespace {

enum class Colour : std::uint8_t { none, bold, red, green, yellow };

constexpr std::string_view columns =
    "{:<{}}  {:>9}  {:>9}  {:>5}  {:>5}  {}  {:>7}  {:<27}  {:>7}  {}\n";
constexpr int source_width = 22; // of `2001:470:1f11:81f::/64`

std::string painted(std::string_view text, Colour colour, bool enabled) {
    if (!enabled || colour == Colour::none) return std::string{text};
    constexpr std::string_view codes[] = {"0", "1", "31", "32", "33"};
    return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(colour)], text);
}

/// The options that are not at their defaults, as they would be given.
std::string options_given(const DetectorOptions &options) {
    const DetectorOptions defaults;
    std::string text;
    for (const OptionSpec &spec : option_specs()) {
        const std::string value = spec.get(options);
        if (value == spec.get(defaults)) continue;
        text += fmt::format(" --{}{}{}", spec.name, spec.value_name.empty() ? "" : "=",
                            spec.value_name.empty() ? "" : value);
    }
    return text.empty() ? " default options" : text;
}

/// Cells of a row; those of the capture stand in its first row only.
struct Row {
    std::string capture{}, packets{}, dropped{}, p50{}, p99{};
    std::string source{}, frame{}, time{}, lost{}, ports{};
};

/// In ns; no packet was run in no time.
std::string latency_of(std::uint64_t percentile, const ReplayReport &report) {
    const auto &verdicts = report.verdicts;
    const auto run = std::accumulate(verdicts.begin(), verdicts.end(), std::uint64_t{0});
    return run == 0 ? "-" : fmt::to_string(percentile);
}

Row first_row(const std::string &capture, const ReplayReport &report) {
    return {.capture = printable(capture),
            .packets = fmt::to_string(report.packets),
            .dropped = fmt::to_string(report.verdicts[static_cast<std::size_t>(Verdict::drop)]),
            .p50 = latency_of(report.latency.p50, report),
            .p99 = latency_of(report.latency.p99, report)};
}

std::string block_count(const SourceReport &source) {
    return source.blocks.size() == 1 ? "" : fmt::format("; blocked {} times", source.blocks.size());
}

void describe_block(Row &row, const SourceReport &source) {
    const BlockReport &block = source.blocks.front();
    row.source = source.address.to_string();
    row.frame = block.frame == 0 ? "-" : fmt::to_string(block.frame);
    row.time = format_utc(block.at_ns);
    row.lost = fmt::to_string(source.dropped);
    row.ports = fmt::format("{}", fmt::join(source.ports, ","));
    if (const auto port = source.blocks.back().trigger_port) {
        row.ports += fmt::format(" then {}", *port);
    }
    row.ports += block_count(source);
    if (source.host) row.ports += fmt::format(" at {}", source.host->to_string());
    if (!source.blocked && source.state) row.ports += fmt::format("; {}", to_string(*source.state));
    if (likely_honest(source.reach))
        row.ports += fmt::format("; likely honest: {}", honesty_reason(source.reach));
}

/// The figures of `--json` in a line.
std::string summary_of(const ReplayReport &report, std::size_t blocked) {
    const auto verdict = [&report](Verdict one) {
        return report.verdicts[static_cast<std::size_t>(one)];
    };
    const std::uint64_t sources = report.sources.size() + report.sources_omitted;
    std::string text =
        fmt::format("{} passed, {} dropped; {} source{}, {} blocked", verdict(Verdict::pass),
                    verdict(Verdict::drop), sources, sources == 1 ? "" : "s", blocked);
    if (report.latency.empty_packets == 0) return text;
    const LatencyDifference above = report.latency.above_empty();
    return text +
           fmt::format("; ns above the empty program's {}: p50 {}, p90 {}, p99 {}, p99.9 {}, "
                       "max {}",
                       report.latency.empty.p50, above.p50, above.p90, above.p99, above.p999,
                       above.max);
}

std::string join_note(std::string note, std::string_view more) {
    return note.empty() ? std::string{more} : fmt::format("{}, {}", note, more);
}

/// What was not run, and what was odd; empty if all was well.
std::string note_of(const ReplayReport &report) {
    std::string note;
    for (const auto &[reason, count] : report.skipped) {
        note = join_note(std::move(note), fmt::format("{} skipped ({})", count, reason));
    }
    const auto add = [&](std::uint64_t count, std::string_view what) {
        if (count != 0) note = join_note(std::move(note), fmt::format("{} {}", count, what));
    };
    add(report.not_selected, "not selected");
    add(report.time_held, "earlier than the clock, which was held");
    add(report.verdicts[static_cast<std::size_t>(Verdict::aborted)],
        "aborted by a fault of the program");
    add(report.counters.find("malformed").value_or(0), "malformed");
    add(report.counters.find("would_drop").value_or(0), "passed by the dry run alone");
    return note;
}

} // namespace

ReportTable::ReportTable(const std::vector<std::string> &captures, Style style) :
    capture_width_(std::string_view{"CAPTURE"}.size()),
    style_(style) {
    const std::set<std::string> paths{captures.begin(), captures.end()};
    std::set<std::string> names;
    for (const std::string &path : paths) with_folders_ |= !names.insert(shown(path)).second;
    for (const std::string &path : paths) {
        capture_width_ = std::max(capture_width_, shown(path).size());
    }
}

std::string ReportTable::shown(const std::string &capture) const {
    return with_folders_ ? capture : std::filesystem::path{capture}.filename().string();
}

std::string ReportTable::heading(const ReplayContext &context) const {
    std::string titles =
        fmt::format(columns, "CAPTURE", capture_width_, "PACKETS", "DROPPED", "P50ns", "P99ns",
                    fmt::format("{:<{}}", "BLOCKED SOURCE", source_width), "FRAME",
                    "TIME OF THE BLOCK", "DROPS", "PORTS");
    titles.pop_back();
    return fmt::format("detector {}, kernel {},{}\n{}\n", context.object_sha256.substr(0, 12),
                       context.kernel, options_given(context.options),
                       painted(titles, Colour::bold, style_.colour));
}

std::string ReportTable::rows(const ReplayReport &report) const {
    std::string text;
    const auto append = [&](const Row &row, Colour colour) {
        const std::string source = fmt::format("{:<{}}", row.source, source_width);
        std::string rendered = fmt::format(
            columns, row.capture, capture_width_, row.packets, row.dropped, row.p50, row.p99,
            painted(source, colour, style_.colour), row.frame, row.time, row.lost, row.ports);
        rendered.erase(rendered.find_last_not_of(" \n") + 1);
        text += rendered + "\n";
    };

    Row row = first_row(shown(report.capture), report);
    std::size_t blocked = 0;
    for (const SourceReport &source : report.sources) {
        if (source.blocks.empty() || ++blocked > style_.rows_per_capture) continue;
        describe_block(row, source);
        append(row, Colour::red);
        row = Row{};
    }
    if (blocked == 0) {
        row.source = "nobody blocked";
        append(row, Colour::green);
    }
    const auto indented = [&](std::string_view line, Colour colour = Colour::yellow) {
        text += fmt::format("  {}\n", painted(line, colour, style_.colour));
    };
    indented(summary_of(report, blocked), Colour::none);
    if (blocked > style_.rows_per_capture) {
        indented(fmt::format("and {} more blocked sources: --json lists them all",
                             blocked - style_.rows_per_capture));
    }
    if (const std::string note = note_of(report); !note.empty()) indented(note);
    if (!report.damage.empty()) indented("replayed up to there: " + report.damage);
    return text;
}

std::string format_utc(std::uint64_t time_ns) {
    const auto seconds = static_cast<std::time_t>(time_ns / 1'000'000'000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       time_ns / 1000 % 1'000'000);
}

bool wants_colour(int descriptor) {
    const char *const no_colour = std::getenv("NO_COLOR");
    const char *const terminal = std::getenv("TERM");
    if (no_colour != nullptr && *no_colour != '\0') return false;
    if (terminal != nullptr && std::string_view{terminal} == "dumb") return false;
    return isatty(descriptor) == 1;
}

} // namespace portscan
