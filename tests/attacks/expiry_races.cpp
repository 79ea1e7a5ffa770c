// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/attack.h"
#include "tests/attacks/probe_frame.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <atomic>
#include <chrono>

namespace portscan::attacks {
namespace {

using namespace test;

constexpr unsigned watched = 100; // sources of each kind
constexpr unsigned first_keeper = 0;
constexpr unsigned first_blocked = 1'000;
constexpr unsigned first_returner = 2'000;
constexpr unsigned first_stranger = 1U << 23;
constexpr unsigned rounds = 24; // of an episode: 134 new sources each, of 4,000 places
constexpr std::uint64_t window = 60'000'000'000;

DetectorOptions busy() {
    DetectorOptions options{.window = std::chrono::nanoseconds{window},
                            .block_for = std::chrono::hours{24 * 365}};
    options.max_sources = options.max_sources6 = 8'000;
    return options;
}

/// One CPU sends, and moves the clock a bit less than a window at a time; the other makes one
/// expiry pass after the other, so that a pass meets records at every age, and in every moment of a
/// packet.
class RaceStage {
  public:
    RaceStage(const Family &family, const std::string &object) :
        family_{family},
        stage_{busy(), Clock::capture, object} {}

    void attack(unsigned episodes, Findings &findings) {
        for (unsigned i = 0; i < watched; ++i)
            for (const std::uint16_t port : {1, 2, 3, 4}) probe(first_blocked + i, port);
        inserted_ = watched;
        run_on_two_cpus([&](unsigned cpu, Line &) {
            if (cpu == 1) return pass();
            for (unsigned i = 0; i < episodes; ++i) play_episode();
            ends_ = true;
        });
        findings.expect_equal("blocked sources that passed", escaped_, 0);
        findings.expect_equal("records lost in spite of refreshes", lost_, 0);
        check_counts(findings);
        findings.figure("passes", passes_);
        findings.figure("refreshes", std::uint64_t{round_} * watched);
        findings.figure("sources", inserted_ + came_back_);
    }

  private:
    Verdict probe(unsigned number, std::uint16_t port) {
        return stage_.run(frame_.from(numbered(family_, number), port));
    }
    void pass() {
        while (!ends_) {
            const auto report = stage_.expirer.pass(stage_.clock.time_ns());
            freed_ += report.sources_freed + report.blocks_freed;
            ++passes_;
        }
    }

    /// Keepers come and have their three ports, go on for as long as the queue promises, and must
    /// still be known by all three then.
    void play_episode() {
        for (unsigned i = 0; i < watched; ++i)
            for (const std::uint16_t port : {1, 2, 3}) probe(first_keeper + i, port);
        inserted_ += watched;
        for (unsigned i = 0; i < rounds; ++i) step();
        for (unsigned i = 0; i < watched; ++i) {
            lost_ += probe(first_keeper + i, 4) != Verdict::drop;
            const auto source = stage_.registry.source_of(numbered(family_, first_keeper + i));
            removed_ += stage_.registry.remove(source).has_value();
        }
    }

    void step() {
        ++round_;
        stage_.clock.set(round_ * (window - 1));
        for (unsigned i = 0; i < watched; ++i) {
            probe(first_keeper + i, static_cast<std::uint16_t>(1 + round_ % 3));
            escaped_ += probe(first_blocked + i, 1) != Verdict::drop;
            probe(first_stranger + strangers_++ % first_stranger, 80);
        }
        inserted_ += watched;
        // Every third round they are just old enough for a pass to take them out.
        if (round_ % 3 == 0) come_back();
    }
    /// With three ports that their records do not have: they start afresh, whether or not a pass
    /// was faster. A pass that the kernel interrupts while it takes a record out makes its source
    /// wait: whose three probes all fall into that moment does not come back.
    void come_back() {
        const auto first = static_cast<std::uint16_t>(stage_.clock.time_ns() / window);
        for (unsigned i = 0; i < watched; ++i) {
            unsigned dropped = 0;
            for (std::uint16_t port = 0; port < 3; ++port)
                dropped += probe(first_returner + i, first + port) != Verdict::pass;
            stale_ += dropped;
            came_back_ += dropped < 3;
        }
    }

    /// Every record that was made is there, evicted, freed by a pass, or buried by its own source
    /// that came back.
    void check_counts(Findings &findings) {
        const auto report = stage_.expirer.pass(stage_.clock.time_ns());
        const auto counters = stage_.counters.read();
        const std::uint64_t gone = *counters.find("evictions") + freed_ + removed_ +
                                   report.sources_freed + report.sources_left;
        findings.expect_equal("inserted", *counters.find("inserted"), inserted_ + came_back_);
        findings.expect_at_most("records there and gone", gone, inserted_ + came_back_);
        findings.expect_at_most("records not accounted for", inserted_ + came_back_ - gone,
                                came_back_);
        findings.expect_equal("sources that came back and did not start afresh", stale_,
                              counters.of(Reason::contention));
        findings.expect_equal("found no room", counters.of(Reason::insert_failed), 0);
        findings.figure("drops by contention", stale_);
    }

    const Family &family_;
    Stage stage_;
    ProbeFrame frame_{family_};
    std::uint64_t round_ = 0;
    unsigned strangers_ = 0;
    unsigned lost_ = 0;
    unsigned removed_ = 0;
    unsigned escaped_ = 0;
    unsigned stale_ = 0;
    std::uint64_t inserted_ = 0;
    std::uint64_t came_back_ = 0;
    std::uint64_t freed_ = 0;
    std::uint64_t passes_ = 0;
    std::atomic<bool> ends_ = false;
};

} // namespace

void expiry_races(const AttackSettings &settings, Findings &findings) {
    for (const Family &family : families)
        RaceStage{family, settings.object_path}.attack(settings.size(30, 1'000), findings);
}

} // namespace portscan::attacks
