// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/source_view.h"

#include "loader/commands.h"

#include <algorithm>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace portscan {
namespace {

constexpr auto replace_bad_text = nlohmann::json::error_handler_t::replace;

} // namespace

std::string join_ports(std::span<const std::uint16_t> ports) {
    return ports.empty() ? "-" : fmt::format("{}", fmt::join(ports, ","));
}

std::vector<std::string> align_columns(const std::vector<std::vector<std::string>> &rows) {
    std::vector<std::size_t> widths;
    for (const auto &row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::vector<std::string> lines;
    for (const auto &row : rows) {
        std::string line;
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            line += fmt::format("{:<{}}  ", row[i], widths[i]);
        lines.push_back(line + (row.empty() ? "" : row.back()));
    }
    return lines;
}

std::optional<std::uint64_t> SourceView::until_ns(const SourceRecord &record) const {
    const auto duration = state_->control.options.block_for;
    if (!duration) return std::nullopt;
    return record.timestamp_ns + static_cast<std::uint64_t>(duration->count());
}

bool SourceView::is_blocked(const SourceRecord &record) const {
    const auto until = until_ns(record);
    return record.blocked && (!until || *until > clock_.monotonic_ns());
}

/// Of a block that was decided in a dry run, or while one goes on.
bool SourceView::drops_nothing(const SourceRecord &record) const {
    return record.dry_run || state_->control.options.dry_run;
}

std::string_view SourceView::state_of(const SourceRecord &record) const {
    if (!record.blocked) return "recorded";
    if (!is_blocked(record)) return "expired";
    return drops_nothing(record) ? "dry-run" : "blocked";
}

std::string SourceView::until_text(const SourceRecord &record) const {
    if (!record.blocked) return "-";
    const auto until = until_ns(record);
    return until ? clock_.text_with_age(*until) : "unblocked";
}

std::string SourceView::trigger_text(const SourceRecord &record) const {
    if (!record.blocked) return "-";
    return record.manual ? "by hand" : fmt::to_string(record.trigger_port);
}

std::vector<std::string> SourceView::table(const std::vector<SourceRecord> &records) const {
    std::vector<std::vector<std::string>> rows{
        {"SOURCE", "STATE", "SINCE", "UNTIL", "PORTS", "TRIGGER", "INTERFACE"}};
    for (const auto &record : records)
        rows.push_back({record.source.to_string(), std::string{state_of(record)},
                        clock_.text_with_age(record.timestamp_ns), until_text(record),
                        join_ports(record.ports), trigger_text(record),
                        record.ifindex == 0 ? "-" : name_of_interface(record.ifindex)});
    return align_columns(rows);
}

std::vector<std::string> SourceView::facts(const SourceRecord &record) const {
    const std::string when = clock_.text_with_age(record.timestamp_ns);
    std::vector<std::string> lines;
    if (!record.blocked) {
        lines.push_back("  last seen   " + when);
        lines.push_back("  ports       " + join_ports(record.ports));
        return lines;
    }
    lines.push_back("  since       " + when);
    lines.push_back("  until       " + until_text(record));
    lines.push_back("  ports       " + join_ports(record.ports));
    lines.push_back("  trigger     " + (record.manual
                                            ? std::string{"blocked by hand"}
                                            : fmt::format("port {}", record.trigger_port)));
    if (record.ifindex != 0) lines.push_back("  interface   " + name_of_interface(record.ifindex));
    if (drops_nothing(record)) lines.emplace_back("  dry run     nothing is dropped");
    return lines;
}

std::vector<std::string> SourceView::details(const Prefix &source,
                                             const SourceRecord *record) const {
    std::vector<std::string> lines;
    const bool allowed = state_->control.allowlist.covers(source);
    const std::string name = source.to_string();
    if (record == nullptr) {
        lines.push_back(fmt::format("{}: not blocked, nothing recorded", name));
    } else if (is_blocked(*record)) {
        lines.push_back(
            fmt::format("{}: blocked{}", name, drops_nothing(*record) ? " (dry run)" : ""));
    } else {
        lines.push_back(
            fmt::format("{}: not blocked{}", name, record->blocked ? ", its block is over" : ""));
    }
    if (record != nullptr)
        for (auto &line : facts(*record)) lines.push_back(std::move(line));
    if (allowed) lines.emplace_back("  allowlist   covers it (xdp-portscan allow list)");
    return lines;
}

const std::string &SourceView::interface_json(unsigned ifindex) const {
    const auto [place, is_new] = interfaces_.try_emplace(ifindex);
    if (is_new)
        place->second =
            ifindex == 0
                ? "null"
                : nlohmann::json(name_of_interface(ifindex)).dump(-1, ' ', false, replace_bad_text);
    return place->second;
}

/// Written as text, since a tree of values for each of a million records takes several times as
/// long as all else that lists them. What may hold any character goes through the library.
void SourceView::append_json(fmt::memory_buffer &text, const SourceRecord &record) const {
    const fmt::appender to{text};
    const auto [seconds, nanoseconds] = clock_.parts(record.timestamp_ns);
    fmt::format_to(to, FMT_COMPILE(R"({{"address":"{}","state":"{}","blocked":{},"ports":[{}])"),
                   record.source.to_string(), state_of(record), is_blocked(record),
                   fmt::join(record.ports, ","));
    if (!record.blocked) {
        fmt::format_to(to, FMT_COMPILE(R"(,"last_seen":"{}.{:09}"}})"), seconds, nanoseconds);
        return;
    }
    fmt::format_to(to, FMT_COMPILE(R"(,"since":"{}.{:09}","until":)"), seconds, nanoseconds);
    if (const auto until = until_ns(record)) {
        const auto end = clock_.parts(*until);
        fmt::format_to(to, FMT_COMPILE(R"("{}.{:09}")"), end.seconds, end.nanoseconds);
    } else {
        fmt::format_to(to, FMT_COMPILE("null"));
    }
    fmt::format_to(to,
                   FMT_COMPILE(R"(,"trigger_port":{},"interface":{},"manual":{},"dry_run":{}}})"),
                   record.manual ? "null" : fmt::to_string(record.trigger_port),
                   interface_json(record.ifindex), record.manual, record.dry_run);
}

} // namespace portscan
