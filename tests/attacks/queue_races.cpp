// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/attack.h"
#include "tests/attacks/background_passes.h"
#include "tests/attacks/probe_frame.h"
#include "tests/stage.h"
#include "tests/two_cpus.h"

#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <chrono>
#include <map>
#include <system_error>

namespace portscan::attacks {
namespace {

using namespace test;

constexpr unsigned places = 4; // of the queue
constexpr const Family &ipv4 = families[0];

using Key = std::uint32_t;

Key key_of(unsigned number) {
    Key key = 0;
    const Address address = numbered(ipv4, number);
    std::copy_n(address.bytes.begin(), sizeof(key), reinterpret_cast<std::uint8_t *>(&key));
    return key;
}

std::map<Key, portscan_record> records(const Stage &stage) {
    std::map<Key, portscan_record> records;
    const int map = stage.detector.maps().ip_reg;
    Key key = 0;
    for (const Key *previous = nullptr; bpf_map_get_next_key(map, previous, &key) == 0;
         previous = &key) {
        portscan_record record{};
        if (bpf_map_lookup_elem(map, &key, &record) == 0) records.emplace(key, record);
    }
    return records;
}

/// Of the records that are no blocks, how many do not stand in the queue of that length where
/// they say.
unsigned passed_over(const Stage &stage, const std::map<Key, portscan_record> &records,
                     unsigned length) {
    unsigned passed_over = 0;
    for (const auto &[key, record] : records) {
        const std::uint32_t slot = record.queue_place % length;
        Key at_slot = 0;
        if (bpf_map_lookup_elem(stage.detector.maps().queue, &slot, &at_slot) != 0)
            throw std::system_error(errno, std::generic_category(), "read queue");
        passed_over += !record.blocked && at_slot != key;
    }
    return passed_over;
}

/// The oldest source of a full queue records a port in the very instant in which a new source takes
/// its place. Whoever comes first, both are remembered afterwards, and each record stands in the
/// queue where it says: one that does not would not give way to anybody.
class QueueStage {
  public:
    explicit QueueStage(const std::string &object) :
        stage_{{.max_sources = places + 1, .max_sources6 = 2, .max_blocked = 1},
               Clock::capture,
               object} {}

    void attack(unsigned rounds, Findings &findings) {
        run_on_two_cpus([&](unsigned cpu, Line &line) {
            ProbeFrame frame{ipv4};
            for (unsigned round = 0; round < rounds; ++round) {
                const unsigned first = round * (places + 1);
                const unsigned newcomer = first + places;
                if (cpu == 0)
                    for (unsigned i = 0; i < places; ++i) probe(frame, first + i, 1);
                line.start_together();
                passed_[cpu] = (cpu == 0 ? probe(frame, first, 2) : probe(frame, newcomer, 1)) ==
                               Verdict::pass;
                line.arrive_and_wait();
                if (cpu == 0) check(first, newcomer);
            }
        });
        findings.expect_equal("records that the queue passes over", passed_over_, 0);
        findings.expect_equal("sources forgotten with the port just recorded", forgotten_, 0);
        findings.expect_equal("records above the places", overfull_, 0);
        findings.expect_equal("found no room", stage_.counter("insert_failed"), 0);
        findings.expect_equal("dropped without contention", dropped_, stage_.counter("contention"));
        findings.figure("meetings", rounds);
        findings.figure("drops by contention", dropped_);
    }

  private:
    Verdict probe(ProbeFrame &frame, unsigned number, std::uint16_t port) const {
        return stage_.run(frame.from(numbered(ipv4, number), port));
    }
    void check(unsigned oldest, unsigned newcomer) {
        const auto now = records(stage_);
        overfull_ += now.size() > places;
        forgotten_ += passed_[0] && !now.contains(key_of(oldest));
        forgotten_ += passed_[1] && !now.contains(key_of(newcomer));
        dropped_ += !passed_[0] + !passed_[1];
        passed_over_ += passed_over(stage_, now, places);
    }

    Stage stage_;
    bool passed_[2] = {}; ///< the probes of the last meeting
    unsigned dropped_ = 0;
    unsigned passed_over_ = 0;
    unsigned forgotten_ = 0;
    unsigned overfull_ = 0;
};

/// A queue so short that a CPU which stops for microseconds is overtaken by a whole turn, and no
/// room beside it. New sources find room all the same, and what the queue passed over goes with the
/// next pass. Whether it happens at all is up to the machine: the stages play it step by step.
void overtake(const AttackSettings &settings, Findings &findings) {
    constexpr unsigned bound = 8;
    Stage stage{{.max_sources = 2 * bound, .max_sources6 = 2, .max_blocked = bound},
                Clock::capture,
                settings.object_path};
    ProbeFrame scan{ipv4};
    for (unsigned i = 0; i < bound; ++i)
        for (std::uint16_t port = 1; port <= 4; ++port)
            stage.run(scan.from(numbered(ipv4, i), port));
    const unsigned newcomers = settings.size(50'000, 2'000'000);
    std::array<unsigned, 2> dropped{};
    BackgroundPasses passes{stage, std::chrono::microseconds{100}};
    run_on_two_cpus([&](unsigned cpu, Line &line) {
        ProbeFrame frame{ipv4};
        line.arrive_and_wait();
        for (unsigned i = cpu; i < newcomers; i += 2)
            dropped.at(cpu) += stage.run(frame.from(numbered(ipv4, bound + i), 1)) == Verdict::drop;
    });
    const std::uint64_t removed = passes.stop().sources_freed;
    for (unsigned i = 0; i < 2 * bound; ++i) // two turns by one CPU alone
        stage.run(scan.from(numbered(ipv4, bound + newcomers + i), 1));
    stage.expirer.pass(stage.clock.time_ns());
    findings.expect_equal("of newcomers found no room", stage.counter("insert_failed"), 0);
    findings.expect_equal("of newcomers dropped", dropped[0] + dropped[1], 0);
    findings.expect_equal("passed over after a pass", passed_over(stage, records(stage), bound), 0);
    findings.figure("newcomers", newcomers);
    findings.figure("passed over, and removed", removed);
}

} // namespace

void queue_races(const AttackSettings &settings, Findings &findings) {
    QueueStage{settings.object_path}.attack(settings.size(5'000, 100'000), findings);
    overtake(settings, findings);
}

} // namespace portscan::attacks
