// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench_path.h"

#include <initializer_list>

namespace portscan {
namespace {

/// The paths of one address family.
class Family {
  public:
    Family(const DetectorOptions &options, bool ipv6, std::vector<BenchPath> &paths) :
        options_{options},
        ipv6_{ipv6},
        paths_{paths} {}

    void add_passed_by() {
        add("udp", BenchSources::strangers, {udp(source(), target(), 53), Reason::not_tcp});
        add("established", BenchSources::strangers, {segment(), Reason::not_probe});
        add("established-known", BenchSources::known, {segment(), Reason::not_probe});
        Packet fragment = segment();
        fragment.payload_size(64).fragment(32, 32);
        add("fragment", BenchSources::known, {fragment, Reason::not_probe});
        Packet malformed = probe(0);
        malformed.data_offset(4);
        add("malformed", BenchSources::strangers, {malformed, Reason::malformed});
        add("ignored-port", BenchSources::strangers,
            {probe_of(bench_ignored_port), Reason::ignored}, BenchSetting::ignoring);
        add("allowlisted", BenchSources::allowlisted, {probe(0), Reason::allowlisted},
            BenchSetting::allowing);
    }

    void add_known() {
        add("known-port", BenchSources::known, {probe(0), Reason::known});
        add("vlan", BenchSources::known, {probe(0).vlan(7), Reason::known});
        add("vlan-4-tags", BenchSources::known,
            {probe(0).qinq(5, 6).vlan(7).vlan(8), Reason::known});
        if (!ipv6_)
            add("ip-options", BenchSources::known, {probe(0).ip_options(Bytes(12)), Reason::known});
        else
            add("extension-headers", BenchSources::known,
                {probe(0).hop_by_hop().routing().destination_options(), Reason::known});
    }

    void add_recorded() {
        const BenchStep touch{SourceFrame{segment()}, Reason::not_probe};
        add_fresh("new-source", 0, Reason::recorded).touch = touch;
        if (options_.max_ports >= 2) add_fresh("second-port", 1, Reason::recorded);
        if (options_.max_ports >= 3) add_fresh("third-port", 2, Reason::recorded);
        add_fresh("blocking", options_.max_ports, Reason::threshold);
        BenchPath &full = add_fresh("registry-full", 0, Reason::recorded);
        full.evicts = true;
        full.touch = touch;
        add_fresh("flood", 0, Reason::recorded).evicts = true;
    }

    void add_blocked() {
        const Reason of_segment =
            options_.block_scope == BlockScope::probes ? Reason::not_probe : Reason::blocked;
        add("blocked", BenchSources::blocked, {probe(0), Reason::blocked});
        add("blocked-segment", BenchSources::blocked, {segment(), of_segment});
        add("blocked-scope-probes", BenchSources::blocked, {probe(0), Reason::blocked},
            BenchSetting::probes_scope);
        add("passed-scope-probes", BenchSources::blocked, {segment(), Reason::not_probe},
            BenchSetting::probes_scope);
        add("blocked-scope-all", BenchSources::blocked,
            {udp(source(), target(), 53), Reason::blocked}, BenchSetting::all_scope);
        add("block-refused", BenchSources::at_bound,
            {probe(options_.max_ports), Reason::block_refused}, BenchSetting::at_bound);
        if (!ipv6_) return;
        add("blocked-beside-allowed", BenchSources::inside, {probe(0), Reason::blocked},
            BenchSetting::allowing_inside);
        add("allowed-in-blocked", BenchSources::inside, {probe(0), Reason::allowlisted},
            BenchSetting::allowing_inside)
            .host = bench_allowed_host;
    }

  private:
    /// Overwritten for each packet.
    const char *source() const { return ipv6_ ? "2001:db8::2" : "10.0.0.1"; }
    const char *target() const { return ipv6_ ? "fd00::9" : "10.0.0.9"; }
    Packet probe_of(std::uint16_t port) const { return tcp(source(), target(), port, "S"); }
    Packet probe(unsigned index) const { return probe_of(bench_port(index)); }
    Packet segment() const { return tcp(source(), target(), bench_port(0), "A"); }

    struct Sent {
        const Packet &packet;
        Reason reason;
    };
    BenchPath &add(const char *name, BenchSources sources, const Sent &sent,
                   BenchSetting setting = BenchSetting::plain) {
        return paths_.emplace_back(BenchPath{.name = ipv6_ ? std::string{name} + "-ipv6" : name,
                                             .ipv6 = ipv6_,
                                             .sources = sources,
                                             .step = {SourceFrame{sent.packet}, sent.reason},
                                             .setting = setting});
    }
    /// The probe of a port, from sources that have probed those before.
    BenchPath &add_fresh(const char *name, unsigned port, Reason reason) {
        BenchPath &path = add(name, BenchSources::fresh, {probe(port), reason});
        for (unsigned i = 0; i < port; ++i)
            path.before.push_back({SourceFrame{probe(i)}, Reason::recorded});
        return path;
    }

    const DetectorOptions &options_;
    bool ipv6_;
    std::vector<BenchPath> &paths_;
};

} // namespace

std::vector<BenchPath> bench_paths(const DetectorOptions &options) {
    std::vector<BenchPath> paths;
    paths.push_back(
        {.name = "not-ip", .step = {SourceFrame{ethernet(0x0806, Bytes(46))}, Reason::not_ip}});
    for (const bool ipv6 : {false, true}) {
        Family family{options, ipv6, paths};
        family.add_passed_by();
        family.add_known();
        family.add_blocked();
        family.add_recorded();
    }
    return paths;
}

} // namespace portscan
