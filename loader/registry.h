// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bpf/portscan.h"
#include "loader/address.h"
#include "loader/detector.h"
#include "loader/mapped_state.h"
#include "loader/options.h"
#include "loader/port_list.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace portscan {

/// A record of pscan_ip_reg or pscan_ip6_reg.
struct SourceRecord {
    Prefix source;
    bool blocked = false;
    PortList ports; ///< recorded, in order
    /// The program's clock at the last refresh, or at the block.
    std::uint64_t timestamp_ns = 0;
    std::uint16_t trigger_port = 0; ///< of a block; 0 for a block by hand
    std::uint32_t ifindex = 0;      ///< of a block; 0 for a block by hand
    bool manual = false;            ///< blocked by hand
    bool dry_run = false;           ///< decided in a dry run: never in force
};

enum class BlockOutcome : std::uint8_t {
    blocked,
    already_blocked, ///< and the block is not over
    allowlisted,     ///< refused: the allowlist covers it
    bound_reached    ///< refused: --max-blocked records are blocks
};

/// Typed access to the registry of one detector: the records of both families, with their counts
/// in pscan_state kept right. Other processes and the program may change it at the same time.
/// Functions throw std::system_error where the kernel refuses.
class Registry {
  public:
    /// The maps must outlive the registry. `state` is shared with the program.
    Registry(const DetectorMaps &maps, MappedState &state, const DetectorOptions &options);

    /// The record of exactly that source (see source_of()).
    std::optional<SourceRecord> find(const Prefix &source) const;
    /// Calls visit() with every record, or every block, in no order and without holding them all in
    /// memory. One that comes or goes meanwhile may be missed.
    void for_each(bool blocks_only, const std::function<void(const SourceRecord &)> &visit) const;
    /// The same as a list.
    std::vector<SourceRecord> all() const;

    /// Forgets the record, block and ports: the source starts afresh. What it was; nothing if there
    /// was none.
    std::optional<SourceRecord> remove(const Prefix &source);
    /// Forgets the records, blocks only if so asked, that the prefix covers.
    std::vector<SourceRecord> remove_covered(const Prefix &prefix, bool blocks_only);

    /// Blocks the source by hand from `now_ns` (the program's clock) on, in place of any record.
    /// The caller has asked the allowlist.
    BlockOutcome block(const Prefix &source, std::uint64_t now_ns);

    /// The source of packets from that address, as this detector tracks it.
    Prefix source_of(const Address &address) const;

  private:
    SourceRecord decode(const Prefix &source, const portscan_record &record) const;
    /// The 4th to the 16th port of that life of the record.
    void append_more_ports(SourceRecord &record, std::uint32_t life) const;
    bool is_over(const SourceRecord &block, std::uint64_t now_ns) const;

    DetectorMaps maps_;
    MappedState *state_;
    unsigned ipv6_prefix_;
    bool more_ports_;
    std::optional<std::chrono::nanoseconds> block_for_;
    std::uint32_t max_blocked_[PORTSCAN_FAMILIES];
};

} // namespace portscan
