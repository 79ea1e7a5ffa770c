// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/random.h"
#include "tests/attacks/attack.h"
#include "tests/attacks/probe_frame.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <array>
#include <set>

namespace portscan::attacks {
namespace {

using namespace test;

constexpr const Family &ipv6 = families[1];
constexpr unsigned max_sources6 = 4'000;

/// The address with its bytes from `first` to 15 drawn anew.
Address rotated(Address address, std::size_t first, Random &random) {
    for (std::size_t i = first; i < address.bytes.size(); ++i)
        address.bytes[i] = static_cast<std::uint8_t>(random.below(256));
    return address;
}

struct Rotation {
    unsigned addresses;
    std::size_t first_byte; ///< of the source address, that rotates
    unsigned ports;         ///< drawn from so many
};

struct Outcomes {
    std::uint64_t passed = 0;
    std::set<std::uint16_t> ports; ///< that passed
};

/// Probes from both CPUs, each from an address of its own.
Outcomes rotate(const Stage &stage, const char *address, Rotation rotation) {
    std::array<Outcomes, 2> outcomes;
    run_on_two_cpus([&](unsigned cpu, Line &line) {
        ProbeFrame frame{ipv6};
        Random random{1, cpu};
        const Address start = Address::parse(address).value();
        line.arrive_and_wait();
        for (unsigned i = 0; i < rotation.addresses / 2; ++i) {
            const auto port = static_cast<std::uint16_t>(random.below(rotation.ports));
            const Address source = rotated(start, rotation.first_byte, random);
            if (stage.run(frame.from(source, port)) != Verdict::pass) continue;
            ++outcomes[cpu].passed;
            outcomes[cpu].ports.insert(port);
        }
    });
    outcomes[0].passed += outcomes[1].passed;
    outcomes[0].ports.merge(outcomes[1].ports);
    return outcomes[0];
}

Stage make_stage(const AttackSettings &settings, unsigned prefix) {
    return Stage{{.ipv6_prefix = prefix, .max_sources = 1'000, .max_sources6 = max_sources6},
                 Clock::capture,
                 settings.object_path};
}

/// Within a source's prefix: one source, however many addresses it uses.
void rotate_within(const AttackSettings &settings, Findings &findings, unsigned prefix) {
    const Stage stage = make_stage(settings, prefix);
    const unsigned addresses = settings.size(50'000, 1'000'000);
    const auto outcomes =
        rotate(stage, "2001:db8:1:2::", {addresses, prefix / std::size_t{8}, 65'536});
    findings.expect_equal("ports that passed from one prefix", outcomes.ports.size(), 3);
    findings.expect_at_most("packets that passed from one prefix", outcomes.passed, 10);
    findings.expect_equal("blocks", stage.counter("blocks"), 1);
    findings.expect_equal("records", stage.registry.all().size(), 1);
    findings.figure(fmt::format("addresses of one /{}", prefix), addresses);
}

/// Over prefixes: as many sources, nobody blocked. Memory is bounded, blocks stay, and the other
/// family does not notice.
void rotate_over(const AttackSettings &settings, Findings &findings) {
    const Stage stage = make_stage(settings, 64);
    ProbeFrame frame4{families[0]};
    ProbeFrame frame6{ipv6};
    const auto probe4 = [&](std::uint16_t port) {
        return stage.run(frame4.from(Address::parse(families[0].scanner).value(), port));
    };
    for (std::uint16_t port = 1; port <= 3; ++port) probe4(port);
    for (unsigned i = 0; i < max_sources6 / 2; ++i)
        for (std::uint16_t port = 1; port <= 4; ++port)
            stage.run(frame6.from(numbered(ipv6, i), port));

    const unsigned addresses = settings.size(50'000, 1'000'000);
    const auto outcomes = rotate(stage, "2001:db8:1::", {addresses, 4, 3});
    findings.expect_equal("passed from many prefixes, one probe each", outcomes.passed, addresses);
    unsigned forgotten = 0;
    for (unsigned i = 0; i < max_sources6 / 2; ++i)
        forgotten += stage.run(frame6.from(numbered(ipv6, i), 1)) != Verdict::drop;
    findings.expect_equal("blocks forgotten", forgotten, 0);
    findings.expect_at_most("records", stage.registry.all().size(), max_sources6 + 1);
    findings.expect_equal("found no room", stage.counter("insert_failed"), 0);
    findings.expect(probe4(4) == Verdict::drop, "the other family's scanner passes");
    findings.figure("prefixes", addresses);
}

/// Link-local sources are known by their whole address: one that scans does not get its neighbours
/// blocked.
void rotate_link_local(const AttackSettings &settings, Findings &findings) {
    const Stage stage = make_stage(settings, 64);
    const unsigned addresses = settings.size(5'000, 100'000);
    const auto outcomes = rotate(stage, "fe80::", {addresses, 8, 65'536});
    findings.expect_equal("passed from link-local addresses", outcomes.passed, addresses);
    findings.figure("link-local addresses", addresses);
}

} // namespace

void rotation_in_ipv6(const AttackSettings &settings, Findings &findings) {
    rotate_within(settings, findings, 64);
    rotate_within(settings, findings, 48);
    rotate_over(settings, findings);
    rotate_link_local(settings, findings);
}

} // namespace portscan::attacks
