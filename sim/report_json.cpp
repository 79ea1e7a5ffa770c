// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_json.h"

#include "sim/options_json.h"

#include <ostream>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

/// One line. Names of files need not be UTF-8: what is not becomes U+FFFD.
std::string line(const Json &json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json time(std::optional<std::uint64_t> time_ns) {
    return time_ns ? Json(format_seconds(*time_ns)) : Json(nullptr);
}

Json verdicts_of(const ReplayReport &report) {
    Json json = Json::object();
    for (const Verdict verdict :
         {Verdict::pass, Verdict::drop, Verdict::aborted, Verdict::tx, Verdict::redirect}) {
        json[std::string{to_string(verdict)}] =
            report.verdicts.at(static_cast<std::size_t>(verdict));
    }
    return json;
}

Json counters_of(const Counters &counters) {
    Json json = Json::object();
    const auto &names = counter_names();
    for (std::size_t key = 0; key < names.size() && key < counters.values.size(); ++key) {
        json[std::string{names[key]}] = counters[key];
    }
    return json;
}

Json latency_of(const LatencyReport &latency, Clock clock) {
    return {{"program", clock == Clock::wall ? "shipped" : "rewritten"},
            {"p50", latency.p50},
            {"p90", latency.p90},
            {"p99", latency.p99},
            {"p999", latency.p999},
            {"max", latency.max}};
}

Json block_of(const BlockReport &block) {
    return {{"at", time(block.at_ns)},
            {"frame", block.frame == 0 ? Json(nullptr) : Json(block.frame)},
            {"trigger_port", block.trigger_port ? Json(*block.trigger_port) : Json(nullptr)},
            {"until", time(block.until_ns)}};
}

Json source_of(const SourceReport &source) {
    Json blocks = Json::array();
    for (const BlockReport &block : source.blocks) blocks.push_back(block_of(block));
    Json json{{"address", source.address.to_string()}};
    if (source.host) json["host"] = source.host->to_string();
    json.update({{"state", source.state ? Json(to_string(*source.state)) : Json(nullptr)},
                 {"blocked", source.blocked},
                 {"ports", source.ports},
                 {"probes", source.probes},
                 {"packets", source.packets},
                 {"dropped", source.dropped},
                 {"passed_probes", source.reach.passed},
                 {"answered", source.reach.answered},
                 {"likely_honest", likely_honest(source.reach)},
                 {"likely_honest_reason", honesty_reason(source.reach)},
                 {"first_seen", time(source.first_seen_ns)},
                 {"blocks", std::move(blocks)}});
    return json;
}

} // namespace

void write_json(std::ostream &out, const ReplayReport &report, const ReplayContext &context) {
    Json head{
        {"schema", replay_schema},
        {"capture", report.capture},
        {"object_sha256", context.object_sha256},
        {"options", options_json(context.options)},
        {"kernel", context.kernel},
        {"packets", report.packets},
        {"verdicts", verdicts_of(report)},
        {"skipped", report.skipped},
        {"not_selected", report.not_selected},
        {"time_held", report.time_held},
        {"damage", report.damage.empty() ? Json(nullptr) : Json(report.damage)},
        {"counters", counters_of(report.counters)},
        {"latency_ns", latency_of(report.latency, context.clock)},
        {"sources_omitted", report.sources_omitted},
    };
    if (report.hosts) {
        head["hosts"] = {{"replayed", report.hosts->replayed},
                         {"left_out_packets", report.hosts->left_out_packets}};
    }
    std::string text = line(head);
    text.pop_back(); // the sources stand before the closing brace
    out << text << ",\"sources\":[";
    for (std::size_t i = 0; i < report.sources.size(); ++i) {
        out << (i == 0 ? "" : ",") << line(source_of(report.sources[i]));
    }
    out << "]}\n";
}

} // namespace portscan
