// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/attack.h"
#include "tests/attacks/background_passes.h"
#include "tests/attacks/probe_frame.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <atomic>

namespace portscan::attacks {
namespace {

using namespace test;

/// Many more scanners than there may be blocks.
class BoundStage {
  public:
    BoundStage(const Family &family, unsigned bound, const std::string &object) :
        family_{family},
        bound_{bound},
        stage_{{.max_sources = 10 * bound,
                .max_sources6 = 10 * bound,
                .max_blocked = bound,
                .max_blocked6 = bound},
               Clock::capture,
               object} {}

    void attack(unsigned last_places, Findings &findings) {
        {
            BackgroundPasses passes{stage_, std::chrono::microseconds{100}};
            cross(findings);
            use_refused_sources(findings);
            use_honest_sources(findings);
            passes.stop();
        }
        race_for_the_last_place(last_places, findings);
        findings.expect_equal("found no room", stage_.counter("insert_failed"), 0);
    }

  private:
    unsigned scanners() const { return 4 * bound_; }
    portscan_family index() const { return family_.ipv6 ? PORTSCAN_IPV6 : PORTSCAN_IPV4; }
    bool is_blocked(unsigned number) const {
        const auto record =
            stage_.registry.find(stage_.registry.source_of(numbered(family_, number)));
        return record && record->blocked;
    }
    Verdict probe(ProbeFrame &frame, unsigned number, std::uint16_t port) const {
        return stage_.run(frame.from(numbered(family_, number), port));
    }
    /// Sends each of the scanners that port, from both CPUs; how many were dropped.
    unsigned dropped(std::uint16_t port, const char *flags = "S") const {
        std::atomic<unsigned> drops = 0;
        run_on_two_cpus([&](unsigned cpu, Line &line) {
            ProbeFrame frame{family_, flags};
            line.arrive_and_wait();
            for (unsigned i = cpu; i < scanners(); i += 2)
                drops += probe(frame, i, port) == Verdict::drop;
        });
        return drops;
    }

    /// All of them touch one port too many: no more become blocked than may.
    void cross(Findings &findings) {
        for (const std::uint16_t port : {1, 2, 3})
            findings.expect_equal("dropped below the threshold", dropped(port), 0);
        findings.expect_equal("dropped at the threshold", dropped(4), scanners());
        const auto counters = stage_.counters.read();
        findings.expect_equal("blocks", *counters.find("blocks"), bound_);
        findings.expect_equal("refused", counters.of(Reason::block_refused), scanners() - bound_);
        findings.expect_equal("blocks in pscan_state", stage_.state.blocked(index()), bound_);
        unsigned blocks = 0;
        stage_.registry.for_each(true, [&](const SourceRecord &) { ++blocks; });
        findings.expect_equal("blocks in the registry", blocks, bound_);
        findings.figure("scanners", scanners());
        findings.figure("refused", scanners() - bound_);
    }

    /// Known ports pass, new ones do not, and what is no probe passes.
    void use_refused_sources(Findings &findings) {
        for (const std::uint16_t port : {1, 2, 3})
            findings.expect_equal("dropped at a known port", dropped(port), bound_);
        findings.expect_equal("dropped at a new port", dropped(5), scanners());
        findings.expect_equal("dropped of a connection", dropped(1, "A"), bound_);
    }

    void use_honest_sources(Findings &findings) {
        ProbeFrame frame{family_};
        unsigned passed = 0;
        for (unsigned i = 0; i < bound_; ++i)
            for (const std::uint16_t port : {80, 443, 22})
                passed += probe(frame, 1'000'000 + i, port) == Verdict::pass;
        findings.expect_equal("passed of sources that are new at the bound", passed, 3 * bound_);
    }

    /// One place is free and two scanners want it in the same instant: one gets it.
    void race_for_the_last_place(unsigned rounds, Findings &findings) {
        unsigned blocked = 0;
        while (!is_blocked(blocked)) ++blocked;
        unsigned wrong = 0;
        run_on_two_cpus([&](unsigned cpu, Line &line) {
            ProbeFrame frame{family_};
            for (unsigned round = 0; round < rounds; ++round) {
                const unsigned pair = 2'000'000 + 2 * round;
                for (const std::uint16_t port : {1, 2, 3}) probe(frame, pair + cpu, port);
                if (cpu == 0)
                    stage_.registry.remove(stage_.registry.source_of(numbered(family_, blocked)));
                line.start_together();
                const Verdict verdict = probe(frame, pair + cpu, 4);
                line.arrive_and_wait();
                if (cpu != 0) continue;
                const bool first = is_blocked(pair);
                wrong += verdict != Verdict::drop || first == is_blocked(pair + 1) ||
                         stage_.state.blocked(index()) != bound_;
                blocked = first ? pair : pair + 1;
            }
        });
        findings.expect_equal("last places not given to exactly one", wrong, 0);
        findings.figure("last places", rounds);
    }

    const Family &family_;
    unsigned bound_;
    Stage stage_;
};

} // namespace

void bound_on_blocks(const AttackSettings &settings, Findings &findings) {
    for (const Family &family : families)
        BoundStage{family, settings.size(1'000, 20'000), settings.object_path}.attack(
            settings.size(1'000, 50'000), findings);
}

} // namespace portscan::attacks
