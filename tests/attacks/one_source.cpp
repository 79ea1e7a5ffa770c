// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/attack.h"
#include "tests/attacks/probe_frame.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <set>

namespace portscan::attacks {
namespace {

using namespace test;

/// One source after the other is seen by both CPUs in the same instant, with the same ports in an
/// order of each CPU's own.
class Siege {
  public:
    Siege(const Family &family, unsigned max_ports, unsigned sources, const std::string &object) :
        family_{family},
        max_ports_{max_ports},
        sources_{sources},
        stage_{{.max_ports = max_ports, .max_sources = 2 * sources, .max_sources6 = 2 * sources},
               Clock::wall,
               object},
        passed_{Passed(sources), Passed(sources)} {}

    void run() {
        run_on_two_cpus([&](unsigned cpu, Line &line) {
            ProbeFrame frame{family_};
            std::mt19937 random{cpu};
            std::vector<std::uint16_t> ports(max_ports_ + 3);
            std::iota(ports.begin(), ports.end(), std::uint16_t{0});
            for (unsigned source = 0; source < sources_; ++source) {
                std::shuffle(ports.begin(), ports.end(), random);
                const Address address = numbered(family_, source);
                line.start_together();
                for (const std::uint16_t port : ports)
                    if (stage_.run(frame.from(address, port)) == Verdict::pass)
                        passed_[cpu][source].insert(port);
                if (cpu == 0 && source % 1'000 == 0) take_events();
            }
        });
        take_events();
    }

    void check(Findings &findings) {
        ProbeFrame frame{family_};
        for (unsigned source = 0; source < sources_; ++source) check(source, frame, findings);
        take_events();
        const auto counters = stage_.counters.read();
        findings.expect_equal("sources with an event", blocked_.size(), sources_);
        findings.expect_equal("events", events_, sources_);
        findings.expect_equal("blocks counted", *counters.find("blocks"), sources_);
        findings.expect_equal("blocks in pscan_state",
                              stage_.state.blocked(family_.ipv6 ? PORTSCAN_IPV6 : PORTSCAN_IPV4),
                              sources_);
        contention_ += counters.of(Reason::contention);
    }
    std::uint64_t contention() const { return contention_; }

  private:
    using Passed = std::vector<std::set<std::uint16_t>>;

    void take_events() {
        for (const auto &event : stage_.events.take()) {
            ++events_;
            blocked_.insert(event.source);
        }
    }
    void check(unsigned source, ProbeFrame &frame, Findings &findings) {
        const Address address = numbered(family_, source);
        auto &ports = passed_[0][source];
        ports.insert(passed_[1][source].begin(), passed_[1][source].end());
        findings.expect_at_most("ports that passed", ports.size(), max_ports_);
        // Where contention dropped some, the rest of the record is filled now.
        for (unsigned i = 0; i <= max_ports_; ++i) {
            const auto port = static_cast<std::uint16_t>(1'000 + i);
            if (stage_.run(frame.from(address, port)) == Verdict::pass) ports.insert(port);
        }
        findings.expect_equal("ports that passed in the end", ports.size(), max_ports_);
        const auto record = stage_.registry.find(stage_.registry.source_of(address));
        if (!record) return findings.expect(false, "a blocked source is not in the registry");
        findings.expect(record->blocked, "a source is not blocked");
        findings.expect(std::set(record->ports.begin(), record->ports.end()) == ports,
                        "the ports in the registry are not those that passed");
        findings.expect(!ports.contains(record->trigger_port), "the trigger port passed");
    }

    const Family &family_;
    unsigned max_ports_;
    unsigned sources_;
    Stage stage_;
    std::array<Passed, 2> passed_;
    std::set<Prefix> blocked_;
    std::uint64_t events_ = 0;
    std::uint64_t contention_ = 0;
};

} // namespace

void one_source_on_two_cpus(const AttackSettings &settings, Findings &findings) {
    const unsigned sources = settings.size(1'000, 50'000);
    std::uint64_t contention = 0;
    std::uint64_t sieges = 0;
    for (const Family &family : families) {
        for (const unsigned max_ports : {1U, 3U, 16U}) {
            Siege siege{family, max_ports, sources, settings.object_path};
            siege.run();
            siege.check(findings);
            contention += siege.contention();
            ++sieges;
        }
    }
    findings.figure("sources", sieges * sources);
    findings.figure("drops by contention", contention);
}

} // namespace portscan::attacks
