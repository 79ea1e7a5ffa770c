// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/block_counters.h"
#include "sim/interference.h"
#include "sim/source_lines.h"

#include <cstdint>
#include <string>
#include <vector>

namespace portscan {

/// A basic block of the object and how often it ran.
struct BlockCoverage {
    std::string program;
    std::string function;          ///< that the block is in, inlined code included
    std::vector<SourceLine> lines; ///< the first one stands for the block; at least one
    std::uint64_t hits = 0;
    std::string unreachable{}; ///< why it cannot be reached; empty: it can

    bool is_covered() const { return hits != 0; }
    bool is_exempt() const { return !unreachable.empty(); }
};

/// A conditional jump of the object.
struct BranchCoverage {
    std::size_t block = 0; ///< of CoverageReport::blocks: the one that ends with it
    SourceLine line;
    BranchCount count;
};

/// All programs of the object, in the order of their instructions.
struct CoverageReport {
    std::vector<BlockCoverage> blocks;
    std::vector<BranchCoverage> branches;
    std::size_t covered_by_scenarios = 0; ///< blocks that ran before the stages of `cover` did
};

struct CoverageTotals {
    std::size_t blocks = 0; ///< those that can be reached
    std::size_t covered = 0;
    std::size_t exempt = 0;
    std::size_t branches = 0; ///< ways out of conditional jumps of blocks that can be reached
    std::size_t branches_covered = 0;

    /// Of the blocks, 0 to 100.
    double percent() const;
    bool operator==(const CoverageTotals &) const = default;
};
CoverageTotals totals_of(const CoverageReport &report);

/// Counts in both programs of a detector object, over as many loads of it as are made.
class Coverage {
  public:
    /// Loads the object once, to look at it; empty: the embedded one. Throws std::system_error.
    explicit Coverage(const std::string &object_path);

    /// For SimulatorSettings::change: the program counts its blocks from then on.
    void put_into(ProgramText &text) const;
    /// The same, with another CPU's steps put in where they hurt most.
    void put_into(ProgramText &text, const Interference &other) const;
    CoverageReport report() const;

  private:
    struct Program {
        std::string name;
        SourceLines lines;
        BlockCounters counters;
    };
    void add_report(const Program &program, CoverageReport &report) const;

    std::vector<Program> programs_;
};

} // namespace portscan
