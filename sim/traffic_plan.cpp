// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/traffic_plan.h"

#include "sim/text_values.h"

#include <algorithm>
#include <fmt/format.h>

namespace portscan {
namespace {

constexpr std::uint64_t shuffle_stream = UINT64_MAX - 1; // of random numbers; sessions count from 0

const TrafficKind &find_kind(std::string_view name) {
    for (const auto kinds : {scan_kinds(), honest_kinds()}) {
        const auto found = std::ranges::find(kinds, name, &TrafficKind::name);
        if (found != kinds.end()) return *found;
    }
    throw TrafficError(name.empty() ? "traffic has no kind"
                                    : fmt::format("kind: there is no '{}'", name));
}

/// The one family of all addresses given, else the one asked for, else IPv4.
bool wants_ipv6(const TrafficSpec &spec) {
    std::optional<Address::Family> family = spec.family;
    for (const auto *list : {&spec.source, &spec.target}) {
        for (const Prefix &prefix : *list) {
            if (family.value_or(prefix.address.family) != prefix.address.family)
                throw TrafficError(
                    fmt::format("{} is of another family than the rest: one entry of "
                                "traffic is of one family",
                                prefix.to_string()));
            family = prefix.address.family;
        }
    }
    return family == Address::Family::ipv6;
}

AddressPool pool_of(const std::vector<Prefix> &given, std::string_view otherwise) {
    return AddressPool{given.empty() ? *parse_prefixes(otherwise) : given};
}

std::vector<std::uint16_t> expand(const std::vector<PortRange> &ranges) {
    std::vector<std::uint16_t> ports;
    for (const PortRange &range : ranges)
        for (unsigned port = range.first; port <= range.last; ++port)
            ports.push_back(static_cast<std::uint16_t>(port));
    return ports;
}

void shuffle(std::vector<std::uint16_t> &ports, std::uint64_t seed) {
    Random random{seed, shuffle_stream};
    for (std::size_t i = ports.size(); i > 1; --i) std::swap(ports[i - 1], ports[random.below(i)]);
}

} // namespace

TrafficPlan plan_traffic(const TrafficSpec &spec) {
    const TrafficKind &kind = find_kind(spec.kind);
    const bool ipv6 = wants_ipv6(spec);
    const auto &defaults = kind.defaults;
    TrafficPlan plan{.kind = &kind,
                     .sources = pool_of(spec.source, ipv6 ? defaults.source6 : defaults.source4),
                     .targets = pool_of(spec.target, ipv6 ? defaults.target6 : defaults.target4),
                     .ports =
                         expand(spec.ports.empty() ? *parse_ports(defaults.ports) : spec.ports),
                     .seed = spec.seed};
    if (plan.sources.size() > kind.max_sources)
        throw TrafficError(
            fmt::format("source: {} takes up to {} addresses", kind.name, kind.max_sources));
    for (const std::uint16_t port : expand(spec.open_ports)) plan.open_ports.set(port);
    if (spec.shuffle) shuffle(plan.ports, spec.seed);
    return plan;
}

void validate(const TrafficSpec &spec) {
    plan_traffic(spec);
}

} // namespace portscan
