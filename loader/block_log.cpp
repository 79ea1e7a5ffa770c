// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/block_log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

/// One line. Names of interfaces need not be UTF-8: what is not becomes U+FFFD.
std::string line(const Json &json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view to_string(BlockChange::Kind kind) {
    return kind == BlockChange::Kind::blocked ? "blocked" : "unblocked";
}

std::string text_line(const BlockChange &change, const WallClock &clock) {
    std::string text = fmt::format("{} {}{} {}: {}", clock.text(change.time_ns),
                                   change.dry_run ? "would have " : "", to_string(change.kind),
                                   change.source.to_string(), change.why);
    if (!change.ports.empty()) text += fmt::format(", ports {}", fmt::join(change.ports, " "));
    if (change.trigger_port) text += fmt::format(", trigger port {}", *change.trigger_port);
    if (!change.interface.empty()) text += fmt::format(", interface {}", change.interface);
    return text;
}

std::string json_line(const BlockChange &change, const WallClock &clock) {
    Json json{{"event", to_string(change.kind)},
              {"time", clock.json(change.time_ns)},
              {"source", change.source.to_string()},
              {"why", change.why},
              {"ports", change.ports},
              {"trigger_port", nullptr},
              {"interface", nullptr},
              {"dry_run", change.dry_run}};
    if (change.trigger_port) json["trigger_port"] = *change.trigger_port;
    if (!change.interface.empty()) json["interface"] = change.interface;
    return line(json);
}

} // namespace

std::optional<LogFormat> parse_log_format(std::string_view text) {
    if (text == "text") return LogFormat::text;
    if (text == "json") return LogFormat::json;
    return std::nullopt;
}

std::string_view to_string(LogFormat format) {
    return format == LogFormat::json ? "json" : "text";
}

BlockChange block_of(const BlockEvent &event, std::string_view interface) {
    return {.kind = BlockChange::Kind::blocked,
            .source = event.source,
            .time_ns = event.time_ns,
            .ports = event.ports,
            .trigger_port = event.trigger_port,
            .interface = std::string{interface},
            .why = "threshold",
            .dry_run = event.dry_run};
}

BlockChange change_of(BlockChange::Kind kind, const SourceRecord &record, std::uint64_t time_ns,
                      std::string_view interface, std::string_view why) {
    const auto trigger = record.manual ? std::nullopt : std::optional{record.trigger_port};
    return {.kind = kind,
            .source = record.source,
            .time_ns = time_ns,
            .ports = {record.ports.begin(), record.ports.end()},
            .trigger_port = trigger,
            .interface = std::string{interface},
            .why = std::string{why},
            .dry_run = record.dry_run};
}

BlockLog::BlockLog(LogFormat format, std::function<void(std::string_view)> write, LogRate rate) :
    format_{format},
    write_{std::move(write)},
    rate_{rate},
    bucket_{rate.burst, rate.per_second} {}

void BlockLog::add(const BlockChange &change, const WallClock &clock) {
    if (!bucket_.take(clock.monotonic_ns())) {
        ++(change.kind == BlockChange::Kind::blocked ? suppressed_blocks_ : suppressed_unblocks_);
        return;
    }
    if (any_suppressed()) write_suppressed(clock);
    write_(format_ == LogFormat::json ? json_line(change, clock) : text_line(change, clock));
}

void BlockLog::flush(const WallClock &clock, bool force) {
    if (!any_suppressed()) return;
    if (bucket_.take(clock.monotonic_ns()) || force) write_suppressed(clock);
}

std::optional<std::uint64_t> BlockLog::flush_due_ns(std::uint64_t now_ns) {
    if (!any_suppressed()) return std::nullopt;
    return bucket_.next_ns(now_ns);
}

void BlockLog::write_suppressed(const WallClock &clock) {
    const std::uint64_t blocks = std::exchange(suppressed_blocks_, 0);
    const std::uint64_t unblocks = std::exchange(suppressed_unblocks_, 0);
    if (format_ == LogFormat::json) {
        write_(line(Json{{"event", "suppressed"},
                         {"time", clock.json(clock.monotonic_ns())},
                         {"blocked", blocks},
                         {"unblocked", unblocks}}));
        return;
    }
    write_(fmt::format("{} left out of this log: {} blocked, {} unblocked (more than {} a second)",
                       clock.text(clock.monotonic_ns()), blocks, unblocks, rate_.per_second));
}

} // namespace portscan
