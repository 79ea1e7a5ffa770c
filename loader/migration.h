// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bpf/portscan.h"
#include "loader/detector.h"
#include "loader/mapped_state.h"
#include "loader/options.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace portscan {

/// What became of the records that an adopted registry held. Records that were over anyway count
/// nowhere.
struct MigrationCounts {
    std::uint64_t blocks_kept = 0;
    std::uint64_t sources_kept = 0;      ///< unblocked records
    std::uint64_t sources_lost = 0;      ///< unblocked records for which there was no room
    std::uint64_t dry_run_blocks = 0;    ///< blocks that were never to take force
    std::uint64_t blocks_forgotten = 0;  ///< by another --ipv6-prefix
    std::uint64_t sources_forgotten = 0; ///< by another --ipv6-prefix, blocks not among them

    MigrationCounts &operator+=(const MigrationCounts &other);
};

/// The maps that hold one family's registry.
struct FamilyMaps {
    int registry = -1;
    int ports = -1;
    int queue = -1;
};
FamilyMaps family_maps(const DetectorMaps &maps, portscan_family family);

/// How records go from an old registry to a new one.
struct MigrationRules {
    DetectorOptions options;  ///< of the new one
    std::uint64_t now_ns = 0; ///< the program's clock
    bool forget_all = false;  ///< the keys mean something else: another --ipv6-prefix
};

/// Moves one family's records into maps of another shape. The old detector may go on writing to its
/// maps: read, write, switch the packets over to the new detector, then catch up.
class FamilyMigration {
  public:
    /// Reads the old registry. Throws std::system_error.
    FamilyMigration(portscan_family family, const FamilyMaps &old_maps, MigrationRules rules);

    /// Blocks that would be kept.
    std::uint64_t blocks() const { return blocks_.size(); }
    /// Fills the new, empty maps. `state` is that of the new detector and takes its places in the
    /// queue from there.
    void write(const FamilyMaps &new_maps, MappedState &state);
    /// Keeps the blocks that the old detector made since. Returns how many.
    std::uint64_t catch_up(const FamilyMaps &new_maps);

    const MigrationCounts &counts() const { return counts_; }

  private:
    using Entry = std::pair<portscan_key6, portscan_record>; ///< IPv4: the key's first four bytes

    std::vector<Entry> read_old() const;
    void sort_out(const Entry &entry);
    bool is_kept_block(const portscan_record &record) const;
    void keep_newest(std::size_t room);
    void put(const FamilyMaps &new_maps, const Entry &entry) const;

    portscan_family family_;
    FamilyMaps old_;
    MigrationRules rules_;
    std::vector<Entry> blocks_;
    std::vector<Entry> sources_;
    MigrationCounts counts_;
};

} // namespace portscan
