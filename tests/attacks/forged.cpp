// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/attack.h"
#include "tests/attacks/probe_frame.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <atomic>

namespace portscan::attacks {
namespace {

using namespace test;

// Numbers of sources: three hundred honest clients, and names out of the air.
constexpr unsigned clients = 100;
constexpr unsigned first_allowlisted = 0;
constexpr unsigned first_framed = 256;
constexpr unsigned first_spared = 512;
constexpr unsigned first_stranger = 1'024;
constexpr std::uint64_t second = 1'000'000'000;

DetectorOptions defended(unsigned bound, BlockScope scope) {
    DetectorOptions options{.block_for = std::chrono::seconds{10},
                            .block_scope = scope,
                            .max_blocked = bound,
                            .max_blocked6 = bound};
    options.max_sources = options.max_sources6 = 8 * bound;
    // numbered() 0 to 255: bytes 3 to 5 of an IPv6 address are the number.
    options.allow = {*Prefix::parse("11.0.0.0/24"), *Prefix::parse("2a00::/40")};
    return options;
}

/// An attacker who sends probes in other people's names, to have the detector block them.
class ForgeryStage {
  public:
    ForgeryStage(const Family &family, unsigned bound, BlockScope scope,
                 const std::string &object) :
        family_{family},
        bound_{bound},
        scope_{scope},
        stage_{defended(bound, scope), Clock::capture, object} {}

    void attack(Findings &findings) {
        for (const unsigned first : {first_allowlisted, first_framed, first_spared})
            findings.expect_equal("clients that connect", passed(first, 80), clients);
        forge();
        check_harm(findings);
        stage_.clock.set(10 * second);
        check_end_of_harm(findings);
    }

  private:
    /// Of so many clients, those whose packet passes.
    unsigned passed(unsigned first, std::uint16_t port, const char *flags = "S") const {
        ProbeFrame frame{family_, flags};
        unsigned passed = 0;
        for (unsigned i = first; i < first + clients; ++i)
            passed += stage_.run(frame.from(numbered(family_, i), port)) == Verdict::pass;
        return passed;
    }

    /// Four probes in each name: first the clients', then three times as many as there may be
    /// blocks, from both CPUs.
    void forge() {
        run_on_two_cpus([&](unsigned cpu, Line &line) {
            ProbeFrame frame{family_};
            const auto frame_somebody = [&](unsigned number) {
                for (const std::uint16_t port : {1, 2, 3, 4})
                    stage_.run(frame.from(numbered(family_, number), port));
            };
            for (unsigned i = cpu; i < clients; i += 2) {
                frame_somebody(first_allowlisted + i);
                frame_somebody(first_framed + i);
            }
            line.arrive_and_wait();
            for (unsigned i = cpu; i < 3 * bound_; i += 2) frame_somebody(first_stranger + i);
        });
    }

    void check_harm(Findings &findings) {
        const auto counters = stage_.counters.read();
        findings.expect_equal("blocks", *counters.find("blocks"), bound_);
        findings.expect_equal("refused", counters.of(Reason::block_refused),
                              3 * bound_ + clients - bound_);
        findings.expect_equal("events taken and lost",
                              stage_.events.take().size() + stage_.counter("events_lost"), bound_);
        findings.expect_equal("allowlisted clients that connect", passed(first_allowlisted, 90),
                              clients);
        findings.expect_equal("connections of allowlisted clients",
                              passed(first_allowlisted, 80, "A"), clients);
        findings.expect_equal("framed clients that connect", passed(first_framed, 80), 0);
        findings.expect_equal("connections of framed clients", passed(first_framed, 80, "A"),
                              scope_ == BlockScope::probes ? clients : 0);
        findings.expect_equal("other clients that connect to a second port",
                              passed(first_spared, 443), clients);
        findings.figure("forged names", 3 * bound_ + 2 * clients);
    }

    /// `block_for` later nobody is blocked any more, without an expiry pass, and after one there is
    /// room for the blocks of real scanners.
    void check_end_of_harm(Findings &findings) {
        findings.expect_equal("connections of framed clients after block-for",
                              passed(first_framed, 80, "A"), clients);
        findings.expect_equal("framed clients that connect after block-for",
                              passed(first_framed, 80), clients);
        const auto report = stage_.expirer.pass(stage_.clock.time_ns());
        findings.expect_equal("blocks freed by the pass", report.blocks_freed, bound_ - clients);
        findings.expect_equal("blocks left", report.blocks_left, 0);
        for (const std::uint16_t port : {1, 2, 3}) passed(first_spared + clients, port);
        findings.expect_equal("scanners that pass afterwards", passed(first_spared + clients, 4),
                              0);
    }

    const Family &family_;
    unsigned bound_;
    BlockScope scope_;
    Stage stage_;
};

} // namespace

void forged_sources(const AttackSettings &settings, Findings &findings) {
    for (const Family &family : families)
        for (const BlockScope scope : {BlockScope::probes, BlockScope::tcp})
            ForgeryStage{family, settings.size(2'000, 100'000), scope, settings.object_path}.attack(
                findings);
}

} // namespace portscan::attacks
