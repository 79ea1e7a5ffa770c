// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_text.h"

#include "sim/replay_context.h"

#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace portscan {

std::string fuzz_text(bool value) {
    return value ? "done" : "nothing to do";
}
std::string fuzz_text(std::uint64_t value) {
    return std::to_string(value);
}
std::string fuzz_text(const std::string &value) {
    return value;
}
std::string fuzz_text(const ModelOutcome &outcome) {
    return fmt::format("{} {}", to_string(outcome.verdict), to_string(outcome.reason));
}

std::string fuzz_text(ModelBlock outcome) {
    constexpr std::array<std::string_view, 4> words{
        "blocked", "refused: already blocked", "refused: allowlisted", "refused: bound reached"};
    return std::string{words.at(static_cast<std::size_t>(outcome))};
}

std::string fuzz_text(const std::optional<ModelRecord> &record) {
    if (!record) return "none";
    std::string text = fmt::format("ports [{}] at {}", fmt::join(record->ports, ","),
                                   format_seconds(record->timestamp_ns));
    if (!record->blocked) return text;
    text += record->manual ? " blocked by hand"
                           : fmt::format(" blocked by port {}", record->trigger_port);
    return record->dry_run ? text + " in a dry run" : text;
}

std::string fuzz_text(const ModelExpiry &expiry) {
    return fmt::format("{} sources and {} blocks freed, {} left, {} of them blocks",
                       expiry.sources_freed, expiry.blocks_freed, expiry.sources_left,
                       expiry.blocks_left);
}

std::string fuzz_text(const std::vector<ModelEvent> &events) {
    if (events.empty()) return "none";
    std::string text;
    for (const ModelEvent &event : events) {
        if (!text.empty()) text += "; ";
        text += fmt::format("{} at {} ports [{}] then {}{}", event.source.to_string(),
                            format_seconds(event.time_ns), fmt::join(event.ports, ","),
                            event.trigger_port, event.dry_run ? " in a dry run" : "");
    }
    return text;
}

std::string fuzz_text(FuzzStep::Kind kind) {
    constexpr std::array<std::string_view, 6> words{"packet", "unblock",  "block",
                                                    "allow",  "disallow", "expire"};
    return std::string{words.at(static_cast<std::size_t>(kind))};
}

} // namespace portscan
