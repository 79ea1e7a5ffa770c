// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/attack.h"
#include "tests/attacks/background_passes.h"
#include "tests/attacks/kernel_memory.h"
#include "tests/attacks/probe_frame.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <atomic>
#include <vector>

namespace portscan::attacks {
namespace {

using namespace test;

// Numbers of sources (see numbered()): those of the flood do not meet the others.
constexpr unsigned first_scanner = 4'000'000;
constexpr unsigned first_stranger = 1U << 23;

/// Number `index` of the flood: all different, in an order that looks random.
unsigned stranger(unsigned index) {
    return first_stranger + (index * 0x9e3779b1U & (first_stranger - 1));
}

struct FloodSize {
    unsigned max_sources;
    unsigned strangers;          ///< sources of the flood, one probe each
    unsigned strangers_a_second; ///< in simulated time

    unsigned max_blocked() const { return max_sources / 2; }
    /// New sources that a record survives after its last port, at least.
    unsigned promised() const { return (max_sources - max_blocked()) / 2; }
    /// Strangers between two looks at who is due: those between two probes of the fastest scanner.
    unsigned round() const { return strangers_a_second / 1'000; }
};

/// Scanners of one speed, one after the other, in the middle of the flood.
struct Speed {
    unsigned gap;       ///< new sources of the flood between two of its probes, at most
    unsigned ports = 0; ///< of the present scanner, so far
    unsigned caught = 0;
    unsigned due = 0; ///< strangers after which it probes again
};

/// The registry half full of blocks, then a flood from two CPUs, in rounds of which each sends
/// half; between rounds scanners probe, each with one more new port.
class FloodStage {
  public:
    FloodStage(const Family &family, FloodSize size, const AttackSettings &settings) :
        family_{family},
        size_{size},
        stage_{{.max_sources = family.ipv6 ? 1'000 : size.max_sources,
                .max_sources6 = family.ipv6 ? size.max_sources : 1'000},
               Clock::capture,
               settings.object_path} {
        for (const unsigned a_second : {10U, 100U, 1'000U})
            speeds_.push_back({.gap = size_.strangers_a_second / a_second});
        // The slowest that is promised. Other scanners are new sources too, hence a little less.
        speeds_.push_back({.gap = size_.promised() / 50 * 49});
    }

    void attack(Findings &findings) {
        memory_ = kernel_memory(stage_.detector.maps());
        get_blocks();
        findings.expect_equal("sources blocked before the flood", stage_.counter("blocks"),
                              blocks());
        BackgroundPasses passes{stage_, std::chrono::milliseconds{50}};
        run_on_two_cpus([&](unsigned cpu, Line &line) { flood(cpu, line); });
        freed_ = passes.stop();
        check_blocks(findings);
        check_scanners(findings);
        check_counts(findings);
    }

  private:
    /// As many as leave the scanners room to become blocked.
    unsigned blocks() const { return size_.max_blocked() - size_.max_blocked() / 8; }
    Address blocked_source(unsigned number) const { return numbered(family_, number); }

    void get_blocks() {
        run_on_two_cpus([&](unsigned cpu, Line &) {
            ProbeFrame frame{family_};
            for (unsigned i = cpu; i < blocks(); i += 2)
                for (std::uint16_t port = 1; port <= 4; ++port)
                    stage_.run(frame.from(blocked_source(i), port));
        });
    }

    void flood(unsigned cpu, Line &line) {
        ProbeFrame frame{family_};
        for (unsigned sent = 0; sent < size_.strangers; sent += size_.round()) {
            if (cpu == sent / size_.round() % 2) { // now one CPU, now the other
                stage_.clock.set(std::uint64_t{1'000'000'000} * sent / size_.strangers_a_second);
                for (std::size_t i = 0; i < speeds_.size(); ++i) probe(i, sent, frame);
            }
            line.arrive_and_wait();
            for (unsigned i = cpu; i < size_.round(); i += 2)
                stage_.run(frame.from(numbered(family_, stranger(sent + i)),
                                      static_cast<std::uint16_t>(sent + i)));
            line.arrive_and_wait();
        }
    }

    /// One probe of the scanner of that speed where it is due; once it was dropped the next scanner
    /// of that speed starts.
    void probe(std::size_t which, unsigned sent, ProbeFrame &frame) {
        Speed &speed = speeds_[which];
        if (sent < speed.due) return;
        const auto scanner =
            first_scanner + static_cast<unsigned>(which) * 1'000'000 + speed.caught;
        const Verdict verdict = stage_.run(
            frame.from(numbered(family_, scanner), static_cast<std::uint16_t>(++speed.ports)));
        if ((verdict == Verdict::drop) != (speed.ports == 4)) ++wrong_;
        if (verdict == Verdict::drop) {
            ++speed.caught;
            speed.ports = 0;
        }
        speed.due = sent + speed.gap / size_.round() * size_.round();
    }

    void check_blocks(Findings &findings) {
        std::atomic<unsigned> forgotten = 0;
        run_on_two_cpus([&](unsigned cpu, Line &) {
            ProbeFrame frame{family_};
            for (unsigned i = cpu; i < blocks(); i += 2)
                forgotten += stage_.run(frame.from(blocked_source(i), 1)) != Verdict::drop;
        });
        findings.expect_equal("blocks forgotten", forgotten.load(), 0);
        findings.figure("blocks kept", blocks());
    }
    void check_scanners(Findings &findings) {
        std::uint64_t caught = 0;
        for (const Speed &speed : speeds_) {
            findings.expect(speed.caught > 0, "a scanner's probes came to no end");
            caught += speed.caught;
        }
        findings.expect_equal("scanners not dropped at their 4th port", wrong_, 0);
        findings.expect_equal("blocks", stage_.counter("blocks"), blocks() + caught);
        findings.figure("scanners caught", caught);
    }
    void check_counts(Findings &findings) {
        const auto report = stage_.expirer.pass(stage_.clock.time_ns());
        const auto counters = stage_.counters.read();
        findings.expect_equal("found no room", counters.of(Reason::insert_failed), 0);
        findings.expect_equal("freed by passes", freed_.sources_freed + freed_.blocks_freed, 0);
        findings.expect_at_most("records", freed_.sources_left, size_.max_sources);
        findings.expect_equal("inserted less evicted",
                              *counters.find("inserted") - *counters.find("evictions"),
                              report.sources_left);
        findings.expect_equal("kernel memory", kernel_memory(stage_.detector.maps()), memory_);
        findings.figure("sources", *counters.find("inserted"));
        findings.figure("evictions", *counters.find("evictions"));
    }

    const Family &family_;
    FloodSize size_;
    Stage stage_;
    std::vector<Speed> speeds_;
    unsigned wrong_ = 0; ///< probes with another verdict than promised
    std::uint64_t memory_ = 0;
    ExpiryReport freed_{};
};

} // namespace

void flood_of_sources(const AttackSettings &settings, Findings &findings) {
    const FloodSize size =
        settings.full
            ? FloodSize{.max_sources = 1'000'000,
                        .strangers = 5'000'000,
                        .strangers_a_second = 1'000'000}
            : FloodSize{.max_sources = 40'000, .strangers = 200'000, .strangers_a_second = 40'000};
    for (const Family &family : families) FloodStage{family, size, settings}.attack(findings);
}

} // namespace portscan::attacks
