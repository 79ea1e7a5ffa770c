// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/expectation_fields.h"

#include "sim/time_text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

namespace portscan {
namespace {

using Words = std::optional<std::vector<std::string>>;

constexpr std::array all_states{SourceState::active, SourceState::expired, SourceState::evicted,
                                SourceState::unblocked};
constexpr std::array all_skips{Skip::too_short, Skip::too_long, Skip::undecidable, Skip::outgoing};
constexpr std::array all_verdicts{Verdict::pass, Verdict::drop, Verdict::aborted, Verdict::tx,
                                  Verdict::redirect};

Words number(std::uint64_t value) {
    return {{std::to_string(value)}};
}

Words port_words(std::span<const std::uint16_t> ports) {
    std::vector<std::string> words;
    words.reserve(ports.size());
    for (const std::uint16_t port : ports) words.push_back(std::to_string(port));
    return words;
}

Words ports_of(const SourceReport &source) {
    return port_words(source.ports);
}

Words truth(bool value) {
    return {{value ? "true" : "false"}};
}

/// What `get` says of the source's record in the registry; nothing where it has none.
template <auto get>
Words of_record(const SourceReport &source) {
    if (!source.record) return std::nullopt;
    return get(*source.record);
}

constexpr auto record_time = [](const SourceRecord &record) -> Words {
    return {{format_seconds(record.timestamp_ns)}};
};
constexpr auto record_ports = [](const SourceRecord &record) { return port_words(record.ports); };
constexpr auto record_blocked = [](const SourceRecord &record) { return truth(record.blocked); };
constexpr auto record_trigger = [](const SourceRecord &record) {
    return number(record.trigger_port);
};
constexpr auto record_interface = [](const SourceRecord &record) { return number(record.ifindex); };
constexpr auto record_manual = [](const SourceRecord &record) { return truth(record.manual); };
constexpr auto record_dry_run = [](const SourceRecord &record) { return truth(record.dry_run); };

Words first_block_frame(const SourceReport &source) {
    if (source.blocks.empty()) return std::nullopt;
    return number(source.blocks.front().frame);
}

std::string replaced(std::string_view text, char from, char to) {
    std::string result{text};
    std::replace(result.begin(), result.end(), from, to);
    return result;
}

std::vector<std::string> make_total_keys() {
    std::vector<std::string> keys{"packets"};
    for (const Verdict verdict : all_verdicts) keys.emplace_back(to_string(verdict));
    keys.insert(keys.end(), {"not-selected", "time-held", "sources-freed", "blocks-freed",
                             "blocks-lifted", "sources-left", "blocks-left", "next-due-ns"});
    for (const std::string_view name : counter_names()) keys.push_back(with_dashes(name));
    return keys;
}

std::uint64_t skipped_value(const ReplayReport &report, std::string_view reason) {
    const auto found = report.skipped.find(with_underscores(reason));
    return found == report.skipped.end() ? 0 : found->second;
}

} // namespace

const std::vector<SourceField> &source_fields() {
    static const std::vector<SourceField> fields{
        {"state", ValueKind::state,
         [](const SourceReport &source) -> Words {
             if (!source.state) return std::nullopt;
             return {{std::string{to_string(*source.state)}}};
         }},
        {"blocked", ValueKind::boolean,
         [](const SourceReport &source) -> Words { return {{source.blocked ? "true" : "false"}}; }},
        {"ports", ValueKind::port, ports_of},
        {"probes", ValueKind::count,
         [](const SourceReport &source) { return number(source.probes); }},
        {"packets", ValueKind::count,
         [](const SourceReport &source) { return number(source.packets); }},
        {"dropped", ValueKind::count,
         [](const SourceReport &source) { return number(source.dropped); }},
        {"passed-probes", ValueKind::count,
         [](const SourceReport &source) { return number(source.reach.passed); }},
        {"answered", ValueKind::count,
         [](const SourceReport &source) { return number(source.reach.answered); }},
        {"likely-honest", ValueKind::boolean,
         [](const SourceReport &source) { return truth(likely_honest(source.reach)); }},
        {"first-seen", ValueKind::time,
         [](const SourceReport &source) -> Words {
             return {{format_seconds(source.first_seen_ns)}};
         }},
        {"blocked-at-frame", ValueKind::count, first_block_frame},
        {"record-time", ValueKind::time, of_record<record_time>},
        {"record-ports", ValueKind::port, of_record<record_ports>},
        {"record-blocked", ValueKind::boolean, of_record<record_blocked>},
        {"record-trigger-port", ValueKind::count, of_record<record_trigger>},
        {"record-interface", ValueKind::count, of_record<record_interface>},
        {"record-manual", ValueKind::boolean, of_record<record_manual>},
        {"record-dry-run", ValueKind::boolean, of_record<record_dry_run>},
    };
    return fields;
}

const SourceField *find_source_field(std::string_view key) {
    const auto &fields = source_fields();
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const SourceField &field) { return field.key == key; });
    return found == fields.end() ? nullptr : &*found;
}

std::optional<std::string> block_field(const BlockReport &block, std::string_view key) {
    if (key == "at") return format_seconds(block.at_ns);
    if (key == "frame") return std::to_string(block.frame);
    if (key == "until") return block.until_ns ? format_seconds(*block.until_ns) : "never";
    if (key == "trigger-port" && block.trigger_port) return std::to_string(*block.trigger_port);
    return std::nullopt;
}

std::optional<std::vector<std::string>> event_field(const BlockEvent &event, std::string_view key) {
    if (key == "time") return {{format_seconds(event.time_ns)}};
    if (key == "ports") return port_words(event.ports);
    if (key == "trigger-port") return number(event.trigger_port);
    if (key == "interface") return number(event.ifindex);
    if (key == "dry-run") return truth(event.dry_run);
    return std::nullopt;
}

bool SourceExpectation::wants_details() const {
    return events || std::any_of(fields.begin(), fields.end(), [](const Expected &field) {
               return field.key.starts_with("record-");
           });
}

const std::vector<std::string> &total_keys() {
    static const std::vector<std::string> keys = make_total_keys();
    return keys;
}

const std::vector<std::string> &skip_keys() {
    static const std::vector<std::string> keys = [] {
        std::vector<std::string> names;
        names.reserve(all_skips.size());
        for (const Skip skip : all_skips) names.push_back(with_dashes(to_string(skip)));
        return names;
    }();
    return keys;
}

std::uint64_t total_value(const ReplayReport &report, std::string_view key) {
    if (key == "packets") return report.packets;
    if (key == "not-selected") return report.not_selected;
    if (key == "time-held") return report.time_held;
    if (key == "sources-freed") return report.expiry.sources_freed;
    if (key == "blocks-freed") return report.expiry.blocks_freed;
    if (key == "blocks-lifted") return report.expiry.blocks_lifted;
    if (key == "sources-left") return report.expiry.sources_left;
    if (key == "blocks-left") return report.expiry.blocks_left;
    if (key == "next-due-ns")
        return report.expiry.next_due_ns == UINT64_MAX ? 0 : report.expiry.next_due_ns;
    if (key.starts_with("skipped.")) return skipped_value(report, key.substr(8));
    if (key == "skipped") {
        std::uint64_t sum = 0;
        for (const auto &[reason, count] : report.skipped) sum += count;
        return sum;
    }
    if (const auto verdict = parse_verdict(key)) {
        return report.verdicts.at(static_cast<std::size_t>(*verdict));
    }
    return report.counters.find(with_underscores(key)).value_or(0);
}

bool is_source_state(std::string_view text) {
    return std::any_of(all_states.begin(), all_states.end(),
                       [&](SourceState state) { return to_string(state) == text; });
}

std::string with_underscores(std::string_view key) {
    return replaced(key, '-', '_');
}
std::string with_dashes(std::string_view name) {
    return replaced(name, '_', '-');
}

} // namespace portscan
