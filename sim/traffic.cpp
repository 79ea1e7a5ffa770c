// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/traffic.h"

#include "sim/text_values.h"
#include "sim/traffic_kind.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace portscan {
namespace {

using Spec = TrafficSpec;
using Text = std::string_view;

constexpr double min_rate = 1e-6; // one in eleven days
constexpr double max_rate = 1e9;  // the resolution of the times

[[noreturn]] void refuse(Text key, Text value, Text due) {
    throw TrafficError(fmt::format("{}: '{}' is not {}", key, value, due));
}

/// The value, or the refusal of its text.
template <typename Value>
Value checked(std::optional<Value> value, Text key, Text text, Text due) {
    if (!value) refuse(key, text, due);
    return std::move(*value);
}

void set_kind(Spec &spec, Text value) {
    const auto kinds = traffic_kinds();
    if (std::ranges::find(kinds, value, &TrafficKindInfo::name) == kinds.end()) {
        std::vector<Text> names;
        names.reserve(kinds.size());
        for (const TrafficKindInfo &kind : kinds) names.push_back(kind.name);
        refuse("kind", value, fmt::format("one of {}", fmt::join(names, ", ")));
    }
    spec.kind = value;
}

void set_family(Spec &spec, Text value) {
    if (value != "ipv4" && value != "ipv6") refuse("family", value, "ipv4 or ipv6");
    spec.family = value == "ipv4" ? Address::Family::ipv4 : Address::Family::ipv6;
}

void set_rate(Spec &spec, Text value) {
    const std::string copy{value};
    const bool plain = !copy.empty() && copy.find_first_not_of("0123456789.eE+-") == copy.npos;
    char *end = nullptr;
    const double rate = std::strtod(copy.c_str(), &end);
    if (!plain || *end != '\0' || !(rate >= min_rate && rate <= max_rate))
        refuse("rate", value, "a number from 0.000001 to 1000000000 (sessions a second)");
    spec.rate = rate;
}

void set_shuffle(Spec &spec, Text value) {
    if (value != "true" && value != "false") refuse("shuffle", value, "true or false");
    spec.shuffle = value == "true";
}

std::vector<Prefix> read_addresses(Text key, Text value) {
    return checked(parse_prefixes(value), key, value, "a list of addresses and CIDR prefixes");
}

std::vector<PortRange> read_ports(Text key, Text value) {
    return checked(parse_ports(value), key, value, "a list of ports such as 22,80,8000-8100");
}

std::uint64_t read_number(Text key, Text value, std::uint64_t first) {
    const auto number = parse_number(value, UINT64_MAX);
    if (!number || *number < first)
        refuse(key, value, fmt::format("a whole number from {} on", first));
    return *number;
}

std::chrono::nanoseconds read_time(Text key, Text value) {
    return checked(parse_duration(value), key, value, "a time with its unit, such as 500ms or 1h");
}

constexpr Text source_help =
    "who sends or connects; an IPv6 prefix of up to 64 bits means its /64s";
constexpr Text target_help = "whom, in the same way";

std::vector<TrafficKey> make_keys() {
    return {
        {"kind", "KIND", "what kind of traffic", set_kind},
        {"source", "ADDR|CIDR,...", source_help,
         [](Spec &s, Text v) { s.source = read_addresses("source", v); }},
        {"sources", "ADDR|CIDR,...", "the same as source",
         [](Spec &s, Text v) { s.source = read_addresses("sources", v); }, true},
        {"target", "ADDR|CIDR,...", target_help,
         [](Spec &s, Text v) { s.target = read_addresses("target", v); }},
        {"targets", "ADDR|CIDR,...", "the same as target",
         [](Spec &s, Text v) { s.target = read_addresses("targets", v); }, true},
        {"family", "ipv4|ipv6", "of the addresses, where none are given", set_family},
        {"ports", "PORTS", "destination ports, in this order: 22,80,8000-8100",
         [](Spec &s, Text v) { s.ports = read_ports("ports", v); }},
        {"open-ports", "PORTS", "ports that answer a connect scan",
         [](Spec &s, Text v) { s.open_ports = read_ports("open-ports", v); }},
        {"shuffle", "true|false", "take the ports in random order", set_shuffle},
        {"count", "N", "sessions: probes of a scan, connections of honest traffic",
         [](Spec &s, Text v) { s.count = read_number("count", v, 1); }},
        {"rate", "N", "sessions a second; 0.05 is one every 20 seconds", set_rate},
        {"start", "TIME", "when the first session starts",
         [](Spec &s, Text v) { s.start = read_time("start", v); }},
        {"duration", "TIME", "start no session after so long",
         [](Spec &s, Text v) { s.duration = read_time("duration", v); }},
        {"seed", "N", "of everything random; the same seed gives the same bytes",
         [](Spec &s, Text v) { s.seed = read_number("seed", v, 0); }},
        {"vlan", "ID,...", "VLAN tags, outermost first",
         [](Spec &s, Text v) {
             s.vlan = checked(parse_vlans(v), "vlan", v, "a list of VLAN ids from 0 to 4095");
         }},
    };
}

} // namespace

const std::vector<TrafficKey> &traffic_keys() {
    static const std::vector<TrafficKey> keys = make_keys();
    return keys;
}

std::vector<TrafficKindInfo> traffic_kinds() {
    std::vector<TrafficKindInfo> infos;
    for (const TrafficKind &kind : scan_kinds()) infos.push_back({kind.name, kind.help});
    for (const TrafficKind &kind : honest_kinds()) infos.push_back({kind.name, kind.help});
    return infos;
}

} // namespace portscan
