// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/families.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the detector is attacked with (docs/attacks.md). Each attack runs the object in the kernel,
// from two CPUs at once where there are two, and holds what came of it against what is promised.
namespace portscan::attacks {

struct AttackSettings {
    bool full = false;       ///< the long form
    std::string object_path; ///< empty: the embedded object

    /// A size by the form that runs.
    unsigned size(unsigned brief, unsigned complete) const { return full ? complete : brief; }
};

/// What an attack measured, and which promises it found broken.
class Findings {
  public:
    /// A number for the report: `5,000,000 sources`. Those of one name add up.
    void figure(const std::string &name, std::uint64_t value) {
        const auto known = std::find_if(figures_.begin(), figures_.end(),
                                        [&](const auto &figure) { return figure.first == name; });
        if (known == figures_.end())
            figures_.emplace_back(name, value);
        else
            known->second += value;
    }
    void expect(bool holds, std::string_view what) {
        if (!holds) broken_.emplace_back(what);
    }
    template <typename Got, typename Wanted>
    void expect_equal(std::string_view what, Got got, Wanted wanted) {
        expect(std::cmp_equal(got, wanted), fmt::format("{}: {} instead of {}", what, got, wanted));
    }
    template <typename Got, typename Most>
    void expect_at_most(std::string_view what, Got got, Most most) {
        expect(std::cmp_less_equal(got, most), fmt::format("{}: {}, above {}", what, got, most));
    }

    const std::vector<std::pair<std::string, std::uint64_t>> &figures() const { return figures_; }
    const std::vector<std::string> &broken() const { return broken_; }

  private:
    std::vector<std::pair<std::string, std::uint64_t>> figures_;
    std::vector<std::string> broken_;
};

struct Attack {
    std::string_view name;
    std::string_view promise; ///< one line
    void (*run)(const AttackSettings &settings, Findings &findings);
};

// Each throws std::system_error where the kernel refuses: that says nothing about the detector.
void one_source_on_two_cpus(const AttackSettings &settings, Findings &findings);
void every_packet_counts(const AttackSettings &settings, Findings &findings);
void flood_of_sources(const AttackSettings &settings, Findings &findings);
void bound_on_blocks(const AttackSettings &settings, Findings &findings);
void forged_sources(const AttackSettings &settings, Findings &findings);
void rotation_in_ipv6(const AttackSettings &settings, Findings &findings);
void expiry_races(const AttackSettings &settings, Findings &findings);
void queue_races(const AttackSettings &settings, Findings &findings);

/// All of them, in the order of the documentation.
const std::vector<Attack> &all_attacks();

} // namespace portscan::attacks
