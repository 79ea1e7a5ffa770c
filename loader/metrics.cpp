// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/metrics.h"

#include "bpf/portscan.h"

#include <array>
#include <fmt/format.h>
#include <initializer_list>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sstream>
#include <utility>

namespace portscan {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

prometheus::ClientMetric sample(MetricType type, std::uint64_t value, Labels labels) {
    prometheus::ClientMetric metric;
    const auto number = static_cast<double>(value); // exact up to 2^53
    metric.label = std::move(labels);
    if (type == MetricType::Counter) metric.counter.value = number;
    if (type == MetricType::Gauge) metric.gauge.value = number;
    if (type == MetricType::Untyped) metric.untyped.value = number;
    return metric;
}

MetricFamily family(std::string_view name, std::string_view help, MetricType type) {
    MetricFamily result;
    result.name = fmt::format("xdp_portscan_{}", name);
    result.help = help;
    result.type = type;
    return result;
}

MetricFamily single(std::string_view name, std::string_view help, MetricType type,
                    std::uint64_t value) {
    MetricFamily result = family(name, help, type);
    result.metric.push_back(sample(type, value, {}));
    return result;
}

MetricFamily packets(const MetricsSnapshot &snapshot) {
    MetricFamily result =
        family("packets_total", "Packets by verdict and reason.", MetricType::Counter);
    for (std::size_t i = 0; i < reason_count; ++i) {
        const auto reason = static_cast<Reason>(i);
        const Verdict verdict = verdict_of(reason, snapshot.dry_run);
        result.metric.push_back(sample(MetricType::Counter, snapshot.counters.of(reason),
                                       {{"verdict", std::string{to_string(verdict)}},
                                        {"reason", std::string{to_string(reason)}}}));
    }
    return result;
}

void append_counters(const Counters &counters, std::vector<MetricFamily> &families) {
    struct Row {
        portscan_counter key;
        std::string_view name;
        std::string_view help;
    };
    constexpr std::array<Row, 6> rows{{
        {PORTSCAN_PROBES, "probes_total", "Well-formed probes, whatever became of them."},
        {PORTSCAN_BLOCKS, "blocks_total", "Sources that the program blocked."},
        {PORTSCAN_INSERTED, "sources_inserted_total",
         "Records made: new sources, and old ones that started afresh."},
        {PORTSCAN_EVICTIONS, "evictions_total", "Unblocked records that made room for others."},
        {PORTSCAN_WOULD_DROP, "would_drop_total", "Drops that a dry run passed."},
        {PORTSCAN_EVENTS_LOST, "events_lost_total",
         "Blocks that were not logged because the ring buffer was full."},
    }};
    for (const Row &row : rows)
        families.push_back(single(row.name, row.help, MetricType::Counter, counters[row.key]));
}

/// One gauge of both families together under its plain name, and apart under `family_...`.
void append_fill(std::string_view name, std::string_view help, std::uint64_t ipv4,
                 std::uint64_t ipv6, std::vector<MetricFamily> &families) {
    families.push_back(
        single(name, fmt::format("{}, both families.", help), MetricType::Gauge, ipv4 + ipv6));
    MetricFamily apart = family(fmt::format("family_{}", name), fmt::format("{}, by family.", help),
                                MetricType::Gauge);
    apart.metric.push_back(sample(MetricType::Gauge, ipv4, {{"family", "ipv4"}}));
    apart.metric.push_back(sample(MetricType::Gauge, ipv6, {{"family", "ipv6"}}));
    families.push_back(std::move(apart));
}

MetricFamily attached(const MetricsSnapshot &snapshot) {
    MetricFamily result = family(
        "attached", "1 for each interface that the program is attached to.", MetricType::Gauge);
    for (const AttachedInterface &one : snapshot.attached)
        result.metric.push_back(sample(
            MetricType::Gauge, 1, {{"interface", one.interface}, {"mode", std::string{one.mode}}}));
    return result;
}

MetricFamily build_info(const MetricsSnapshot &snapshot) {
    MetricFamily result =
        family("build_info", "Version of the loader and digest of the program.", MetricType::Gauge);
    result.metric.push_back(
        sample(MetricType::Gauge, 1,
               {{"version", snapshot.version}, {"object_sha256", snapshot.object_sha256}}));
    return result;
}

std::string serialized(const std::vector<MetricFamily> &families) {
    std::ostringstream text;
    prometheus::TextSerializer{}.Serialize(text, families);
    return text.str();
}

} // namespace

std::string metrics_text(const MetricsSnapshot &snapshot) {
    const FamilyFill &ipv4 = snapshot.ipv4;
    const FamilyFill &ipv6 = snapshot.ipv6;
    std::vector<MetricFamily> families{packets(snapshot)};
    append_counters(snapshot.counters, families);
    append_fill("sources", "Sources remembered at the last expiry pass", ipv4.sources, ipv6.sources,
                families);
    append_fill("sources_max", "Sources that can be remembered", ipv4.sources_max, ipv6.sources_max,
                families);
    append_fill("blocked_sources", "Sources that are blocked", ipv4.blocked, ipv6.blocked,
                families);
    append_fill("blocked_sources_max", "Sources that can be blocked at once", ipv4.blocked_max,
                ipv6.blocked_max, families);
    families.push_back(single("allow_entries", "Entries of the allowlist.", MetricType::Gauge,
                              snapshot.allow_entries));
    families.push_back(
        single("dry_run", "1 if nothing is dropped.", MetricType::Gauge, snapshot.dry_run ? 1 : 0));
    families.push_back(attached(snapshot));
    families.push_back(build_info(snapshot));
    return serialized(families);
}

std::string probe_text(const MetricsSnapshot &snapshot) {
    // In the order of the keys of pscan_stats, 0 to 6.
    constexpr std::array<std::string_view, 7> names{
        "packets_XDP_ABORTED_count", "packets_XDP_DROP_count",     "packets_XDP_PASS_count",
        "packets_XDP_TX_count",      "packets_XDP_REDIRECT_count", "packets_CONN_NEW_count",
        "IP_REG_SIZE_count"};
    std::vector<MetricFamily> families;
    for (std::size_t key = 0; key < names.size(); ++key) {
        MetricFamily one =
            family(names.at(key), fmt::format("Key {} of pscan_stats.", key), MetricType::Untyped);
        one.metric.push_back(
            sample(MetricType::Untyped, snapshot.counters[key],
                   {{"bpf_program_name", "xdp_port_scan_block"}, {"id", std::to_string(key)}}));
        families.push_back(std::move(one));
    }
    return serialized(families);
}

HttpResponse metrics_response(const HttpRequest &request,
                              const std::function<MetricsSnapshot()> &take_snapshot) {
    if (request.path == "/metrics")
        return {.content_type = std::string{content_type}, .body = metrics_text(take_snapshot())};
    if (request.path == "/probe") {
        const std::string module = query_parameter(request.query, "module").value_or("");
        if (!module.empty() && module != "default")
            return {.status = 400, .body = "unknown module: there is only module=default\n"};
        return {.content_type = std::string{content_type}, .body = probe_text(take_snapshot())};
    }
    constexpr std::string_view paths = "/metrics\n/probe?module=default\n";
    return {.status = request.path == "/" ? 200 : 404, .body = std::string{paths}};
}

} // namespace portscan
