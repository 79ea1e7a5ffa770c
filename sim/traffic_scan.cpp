// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/conversation.h"
#include "sim/traffic_kind.h"

#include <algorithm>
#include <array>

namespace portscan {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t ports_stream = UINT64_MAX; // of random numbers; sessions count from 0

/// One probe of a scan: every source asks every target about a port before the next port's turn.
struct Probe {
    Address source, target;
    std::uint16_t port;
};

std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

std::uint64_t all_ports_of_all_targets(const TrafficPlan &plan) {
    return saturating_product(plan.targets.size(), plan.ports.size());
}

std::uint64_t all_probes(const TrafficPlan &plan) {
    return saturating_product(plan.sources.size(), all_ports_of_all_targets(plan));
}

/// Every port of every target once, and every source at least once.
std::uint64_t shared_probes(const TrafficPlan &plan) {
    return std::max(plan.sources.size(), all_ports_of_all_targets(plan));
}

Address target_of(const TrafficPlan &plan, std::uint64_t question) {
    return plan.targets.at(question % plan.targets.size());
}

std::uint16_t port_of(const TrafficPlan &plan, std::uint64_t question) {
    return plan.ports[question / plan.targets.size() % plan.ports.size()];
}

Probe probe_of(const TrafficPlan &plan, std::uint64_t number) {
    const std::uint64_t question = number / plan.sources.size();
    return {plan.sources.at(number % plan.sources.size()), target_of(plan, question),
            port_of(plan, question)};
}

/// A probe as a raw-socket scanner sends it: one source port for the whole scan, a small window.
Packet raw_probe(const TrafficPlan &plan, const Probe &probe, Random &random) {
    Packet packet = tcp(probe.source, probe.target, probe.port, plan.kind->flags);
    packet.source_port(Random{plan.seed, ports_stream}.ephemeral_port())
        .sequence(static_cast<std::uint32_t>(random.next()))
        .identification(static_cast<std::uint16_t>(random.next()))
        .ttl(static_cast<std::uint8_t>(random.between(37, 59)))
        .window(1024);
    if (plan.kind->flags == "S") packet.tcp_options({2, 4, 0x05, 0xb4}); // MSS 1460
    return packet;
}

void send_probe(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    Random random = plan.random(number);
    script.send(0ns, raw_probe(plan, probe_of(plan, number), random));
}

/// The port asked for in fragments of 8 bytes: ports, flags and options each in their own.
void send_fragments(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    Random random = plan.random(number);
    const Packet whole = raw_probe(plan, probe_of(plan, number), random);
    for (std::size_t offset = 0; offset < 24; offset += 8)
        script.send(std::chrono::microseconds{offset}, Packet{whole}.fragment(offset, 8));
}

/// The same question by every source at once, the real one at a random place among them.
void send_decoys(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    Random random = plan.random(number);
    const std::uint64_t first = random.below(plan.sources.size());
    for (std::uint64_t i = 0; i < plan.sources.size(); ++i) {
        const Probe probe{plan.sources.at((first + i) % plan.sources.size()),
                          target_of(plan, number), port_of(plan, number)};
        script.send(std::chrono::microseconds{i}, raw_probe(plan, probe, random));
    }
}

void send_shared_probe(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    Random random = plan.random(number);
    const Probe probe{plan.sources.at(number % plan.sources.size()), target_of(plan, number),
                      port_of(plan, number)};
    script.send(0ns, raw_probe(plan, probe, random));
}

void send_flood(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    Random random = plan.random(number);
    const Probe probe{plan.sources.pick(random), target_of(plan, number),
                      plan.ports[random.below(plan.ports.size())]};
    script.send(0ns, raw_probe(plan, probe, random).source_port(random.ephemeral_port()));
}

/// What the connect() call of an ordinary user does: a handshake where the port is open.
void try_connect(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    Random random = plan.random(number);
    const Probe probe = probe_of(plan, number);
    Conversation connection{
        script, {probe.source, random.ephemeral_port()}, {probe.target, probe.port}, random};
    if (plan.open_ports[probe.port])
        connection.open().reset();
    else
        connection.refuse();
}

constexpr std::string_view scanner4 = "10.0.0.1", scanner6 = "2001:db8::1";
constexpr std::string_view target4 = "10.0.0.9", target6 = "2001:db8:0:9::9";
constexpr std::string_view network4 = "10.1.0.0/24", network6 = "2001:db8:1::/56";
constexpr std::string_view decoys4 = "10.0.0.1,10.1.0.0/29",
                           decoys6 = "2001:db8::1,2001:db8:1::/61";
constexpr std::string_view hosts4 = "10.0.9.0/24", hosts6 = "2001:db8:0:9::/120";
constexpr std::string_view usual_ports = "21-23,25,53,80,110,111,135,139,143,443,445,993,995,1723,"
                                         "3306,3389,5900,8080";
constexpr TrafficKind::Defaults one_scanner{scanner4, scanner6, target4, target6, "1-1024"};

constexpr TrafficKind raw_scan(std::string_view name, std::string_view help,
                               std::string_view flags) {
    return {name, help, one_scanner, send_probe, all_probes, flags};
}

constexpr std::array kinds{
    raw_scan("syn", "SYN scan: one SYN for each port", "S"),
    TrafficKind{"connect", "connect scan: handshakes on open ports, refusals on the others",
                one_scanner, try_connect, all_probes, "S"},
    raw_scan("null", "NULL scan: no flag set", "-"),
    raw_scan("fin", "FIN scan", "F"),
    raw_scan("xmas", "Xmas scan: FIN, PSH and URG set", "FPU"),
    raw_scan("synfin", "SYN and FIN set", "SF"),
    raw_scan("ack", "ACK scan, which is no probe", "A"),
    TrafficKind{"fragments", "SYN scan in fragments of 8 bytes", one_scanner, send_fragments,
                all_probes, "S"},
    TrafficKind{"decoys",
                "SYN scan, each probe by every source",
                {decoys4, decoys6, target4, target6, "1-1024", 100},
                send_decoys,
                all_ports_of_all_targets,
                "S",
                1024},
    TrafficKind{"random-flood",
                "SYN flood from random addresses of the sources",
                {"0.0.0.0/0", "2000::/3", target4, target6, "80", 100'000, 10'000},
                send_flood,
                nullptr,
                "S"},
    TrafficKind{"slow",
                "SYN scan, a probe every 20 seconds",
                {scanner4, scanner6, target4, target6, usual_ports, 0.05},
                send_probe,
                all_probes,
                "S"},
    TrafficKind{"sweep",
                "SYN scan of one port on many hosts",
                {scanner4, scanner6, hosts4, hosts6, "22"},
                send_probe,
                all_probes,
                "S"},
    TrafficKind{"many-sources",
                "SYN scan whose ports are shared out among many sources",
                {network4, network6, target4, target6, "1-1024"},
                send_shared_probe,
                shared_probes,
                "S"},
};

} // namespace

std::span<const TrafficKind> scan_kinds() {
    return kinds;
}

} // namespace portscan
