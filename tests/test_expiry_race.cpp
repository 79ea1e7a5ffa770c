// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/program_clock.h"
#include "tests/small_simulator.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace portscan {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr std::uint64_t window_ns = 20'000'000;
constexpr std::uint64_t block_ns = 40'000'000; // over when an idle record may go, too
/// A younger timestamp is not written (SPEC section 1, Time).
constexpr std::uint64_t refresh_ns = window_ns / 64;

/// The time of a packet as the program may have read it.
struct Span {
    std::uint64_t earliest = 0;
    std::uint64_t latest = 0;
};

/// What a source's packets must have come to, whatever the expirer did meanwhile. Where the clock
/// leaves two outcomes open, both are right.
class Witness {
  public:
    /// Nothing, or what is wrong with the verdict.
    const char *judge(std::uint16_t port, Span at, Verdict verdict) {
        if (block_ && at.latest - block_->earliest < block_ns)
            return verdict == Verdict::drop ? nullptr : "a block in force was lost";
        if (verdict == Verdict::pass) return passed(port, at);
        const bool old_block = block_ && at.earliest - block_->latest < block_ns;
        if (old_block) return nullptr;
        const bool deserved = ports_.size() >= 3;
        block_ = at;
        ports_.clear();
        return deserved ? nullptr : "dropped with fewer than three ports";
    }
    std::uint64_t last_seen() const { return block_ ? block_->earliest : last_.earliest; }

  private:
    const char *passed(std::uint16_t port, Span at) {
        block_.reset();
        if (at.latest - last_.earliest >= window_ns - refresh_ns) sure_.clear();
        if (at.earliest - last_.latest >= window_ns) ports_.clear();
        last_ = at;
        sure_.insert(port);
        ports_.insert(port);
        return sure_.size() <= 3 ? nullptr : "a record was lost within its window";
    }

    std::optional<Span> block_;
    Span last_;
    std::set<std::uint16_t> sure_;  ///< ports that must be in the record
    std::set<std::uint16_t> ports_; ///< ports that may be in it
};

/// Sources that come back just when their record or block is about to go.
class Traffic {
  public:
    explicit Traffic(const Family &family) : family_{family} {}

    /// One visit of each source that is due.
    void visit(Stage &shipped) {
        for (unsigned source = 0; source < sources; ++source) {
            if (program_clock_ns() < due_[source]) continue;
            for (unsigned left = 1 + random_() % 7; left != 0; --left)
                probe(shipped, source, static_cast<std::uint16_t>(1 + random_() % 6));
            const std::uint64_t border = random_() % 2 == 0 ? window_ns : 2 * window_ns;
            due_[source] = witnesses_[source].last_seen() + border;
        }
    }

    unsigned packets() const { return packets_; }
    const std::vector<std::string> &complaints() const { return complaints_; }

  private:
    static constexpr unsigned sources = 3'000;

    void probe(Stage &shipped, unsigned source, std::uint16_t port) {
        const auto packet = tcp(numbered(family_, source), family_.host, port, "S");
        const std::uint64_t before = program_clock_ns();
        const Verdict verdict = shipped.run(packet);
        ++packets_;
        const char *const wrong =
            witnesses_[source].judge(port, {before, program_clock_ns()}, verdict);
        if (wrong != nullptr)
            complaints_.push_back("source " + std::to_string(source) + ", port " +
                                  std::to_string(port) + ": " + wrong);
    }

    Family family_;
    std::mt19937 random_{1}; // NOLINT(cert-msc51-cpp): the same in every run
    std::vector<Witness> witnesses_{sources};
    std::vector<std::uint64_t> due_ = std::vector<std::uint64_t>(sources, 0);
    unsigned packets_ = 0;
    std::vector<std::string> complaints_;
};

class ExpiryRace : public BothFamilies {};
INSTANTIATE_TEST_SUITE_P(For, ExpiryRace, testing::ValuesIn(families),
                         testing::PrintToStringParamName());

TEST_P(ExpiryRace, LosesNoBlockInForceAndNoRecordWithinItsWindow) {
    Stage shipped{small({.window = std::chrono::nanoseconds{window_ns},
                         .block_for = std::chrono::nanoseconds{block_ns},
                         .max_sources = 8'000,
                         .max_sources6 = 8'000}),
                  Clock::wall};
    Traffic traffic{family};
    std::atomic<bool> over{false};
    std::uint64_t freed = 0, blocks_freed = 0;
    run_on_two_cpus([&](unsigned cpu, Line &) {
        if (cpu == 0) {
            while (traffic.packets() < 300'000) traffic.visit(shipped);
            over = true;
        }
        while (!over) {
            const auto report = shipped.expirer.pass(program_clock_ns());
            freed += report.sources_freed;
            blocks_freed += report.blocks_freed;
        }
    });
    EXPECT_TRUE(traffic.complaints().empty())
        << traffic.complaints().size() << " complaints, the first: " << traffic.complaints()[0];
    EXPECT_GT(freed, 100U);
    EXPECT_GT(blocks_freed, 100U);
    const auto counters = shipped.counters.read();
    EXPECT_EQ(counters.find("contention"), 0U);
    EXPECT_EQ(counters.find("block_refused"), 0U);
    RecordProperty("freed", static_cast<int>(freed));
    RecordProperty("blocks_freed", static_cast<int>(blocks_freed));
}

} // namespace
} // namespace portscan
