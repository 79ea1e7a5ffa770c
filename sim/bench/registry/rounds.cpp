// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench/registry/rounds.h"

#include "sim/bench/registry/frames.h"
#include "sim/measure.h"
#include "sim/packet.h"
#include "sim/test_run.h"

#include <fmt/format.h>
#include <stdexcept>

namespace portscan::bench {
namespace {

// Numbers of sources; those of new ones begin at 0, those of blocks behind them.
constexpr std::uint32_t known_source = 0x7000'0000;
constexpr std::uint32_t blocked_source = 0x7000'0001;
constexpr std::uint32_t first_block = 0x6000'0000;

void expect(const Subject &subject, ByteView frame, Verdict verdict, const std::string &name) {
    if (test_run(subject.program, frame).verdict != verdict)
        throw std::runtime_error(fmt::format("'{}' does not judge as a registry does", name));
}

/// Leaves known_source with port 22 and blocked_source blocked, and checks every verdict.
void introduce_sources(const Subject &subject, ProbeFrame &frame, const std::string &name) {
    expect(subject, frame.from(known_source, 22), Verdict::pass, name);
    expect(subject, frame.from(known_source, 22), Verdict::pass, name);
    for (std::uint16_t port = 1; port <= 3; ++port)
        expect(subject, frame.from(blocked_source, port), Verdict::pass, name);
    expect(subject, frame.from(blocked_source, 4), Verdict::drop, name);
    expect(subject, frame.from(blocked_source, 1), Verdict::drop, name);
}

/// For per-CPU registries: what the other CPU knows of the sources.
void introduce_on_both(const Subject &subject, const std::string &name) {
    on_two_cpus([&](unsigned thread) {
        if (thread == 1) return; // the measuring CPU
        ProbeFrame frame;
        test_run(subject.program, frame.from(known_source, 22));
        for (std::uint16_t port = 1; port <= 4; ++port)
            test_run(subject.program, frame.from(blocked_source, port));
        expect(subject, frame.from(blocked_source, 1), Verdict::drop, name);
    });
}

void measure_steady(const Candidate &candidate, const Plan &plan, RegistryFigures &figures) {
    const Subject empty = load_empty_program();
    const Subject subject = candidate.load(plan.sizes);
    ProbeFrame frame;
    introduce_sources(subject, frame, candidate.name);
    introduce_on_both(subject, candidate.name);

    const ByteView known = frame.from(known_source, 22);
    const double floor = steady_cost(empty.program, known, plan.repeat);
    const double floor_two = steady_cost_on_two(empty.program, known, plan.repeat);
    figures.known.add(steady_cost(subject.program, known, plan.repeat) - floor);
    figures.known_two.add(steady_cost_on_two(subject.program, known, plan.repeat) - floor_two);
    const ByteView blocked = frame.from(blocked_source, 22);
    figures.blocked.add(steady_cost(subject.program, blocked, plan.repeat) - floor);
    figures.blocked_two.add(steady_cost_on_two(subject.program, blocked, plan.repeat) - floor_two);
}

/// New sources from number `first` on.
LatencyHistogram insert(const Subject &subject, std::uint32_t first, std::uint32_t count) {
    ProbeFrame frame;
    return single_runs(subject.program, count,
                       [&](std::uint32_t i) { return frame.from(first + i, 22); });
}

void add_distribution(Distribution &to, const LatencyHistogram &durations, double floor) {
    const auto above = [&](Quantile quantile) {
        return static_cast<double>(durations.percentile(quantile)) - floor;
    };
    to.p50.add(above(p50));
    to.p99.add(above(p99));
    to.p999.add(above(p999));
}

void measure_insertion(const Candidate &candidate, const Plan &plan, RegistryFigures &figures) {
    const Subject empty = load_empty_program();
    const Subject subject = candidate.load(plan.sizes);
    const auto floor = static_cast<double>(insert(empty, 0, plan.insertions).percentile(p50));
    std::uint32_t next = 0;
    const auto sample = [&](Distribution &to) {
        add_distribution(to, insert(subject, next, plan.insertions), floor);
        next += plan.insertions;
    };
    sample(figures.insertion[0]);
    insert(subject, next, plan.sizes.unblocked - next - plan.insertions);
    next = plan.sizes.unblocked - plan.insertions;
    sample(figures.insertion[1]);

    if (subject.queue >= 0)
        add_blocks(subject, first_block, plan.sizes.sources - plan.sizes.unblocked);
    else
        insert(subject, next, plan.sizes.sources - plan.sizes.unblocked);
    next = plan.sizes.sources;
    figures.memory = kernel_memory(subject);
    if (!candidate.evicts) return;
    insert(subject, next, plan.insertions); // an LRU map settles
    next += plan.insertions;
    sample(figures.insertion[2]);
}

struct Path {
    const char *name;
    double bar;
    Bytes frame;
};

std::vector<Path> detector_paths() {
    const auto probe = [](const char *source, std::uint16_t port) {
        return tcp(source, "10.0.0.9", port, "S").bytes();
    };
    const auto probe6 = [](const char *source, std::uint16_t port) {
        return tcp(source, "2001:db8:9::9", port, "S").bytes();
    };
    return {
        {"not IP", 3, ethernet(0x0806, Bytes(46)).bytes()},
        {"UDP", 3, udp("10.0.0.5", "10.0.0.9", 53).bytes()},
        {"established, source without record", 8, tcp("10.0.0.5", "10.0.0.9", 22, "A").bytes()},
        {"established, source with record", 8, tcp("10.0.0.2", "10.0.0.9", 22, "A").bytes()},
        {"blocked, probe", 11, probe("10.0.0.3", 22)},
        {"blocked, segment", 11, tcp("10.0.0.3", "10.0.0.9", 22, "A").bytes()},
        {"known port", 20, probe("10.0.0.2", 22)},
        {"UDP, IPv6", 3 * 1.3, udp("2001:db8:5::1", "2001:db8:9::9", 53).bytes()},
        {"established, IPv6", 8 * 1.3, tcp("2001:db8:5::1", "2001:db8:9::9", 22, "A").bytes()},
        {"blocked, IPv6", 11 * 1.3, probe6("2001:db8:3::1", 22)},
        {"known port, IPv6", 20 * 1.3, probe6("2001:db8:2::1", 22)},
    };
}

/// 10.0.0.2 and 2001:db8:2::/64 with port 22, 10.0.0.3 and 2001:db8:3::/64 blocked.
void introduce_paths(const Subject &subject) {
    const std::string name = "the shipped detector";
    const Host target{"10.0.0.9"};
    const Host target6{"2001:db8:9::9"};
    expect(subject, tcp("10.0.0.2", target, 22, "S").bytes(), Verdict::pass, name);
    expect(subject, tcp("2001:db8:2::1", target6, 22, "S").bytes(), Verdict::pass, name);
    for (std::uint16_t port = 1; port <= 4; ++port) {
        const Verdict verdict = port < 4 ? Verdict::pass : Verdict::drop;
        expect(subject, tcp("10.0.0.3", target, port, "S").bytes(), verdict, name);
        expect(subject, tcp("2001:db8:3::1", target6, port, "S").bytes(), verdict, name);
    }
}

} // namespace

void measure_registry(const Candidate &candidate, const Plan &plan, RegistryFigures &figures) {
    pin_to_cpu(usable_cpus().at(1));
    measure_steady(candidate, plan, figures);
    measure_insertion(candidate, plan, figures);
}

void measure_paths(const std::string &object_path, const Plan &plan,
                   std::vector<PathFigures> &paths) {
    pin_to_cpu(usable_cpus().at(1));
    const auto frames = detector_paths();
    if (paths.empty())
        for (const Path &path : frames) paths.push_back({.name = path.name, .bar = path.bar});
    const Subject empty = load_empty_program();
    const Subject detector = load_detector(plan.sizes, object_path);
    introduce_paths(detector);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const double floor = steady_cost(empty.program, frames[i].frame, plan.repeat);
        paths[i].cost.add(steady_cost(detector.program, frames[i].frame, plan.repeat) - floor);
    }
}

} // namespace portscan::bench
