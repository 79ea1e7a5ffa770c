// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/port_tally.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace portscan {

/// The books on the ports of each source, by its number (SourceLedger::Index). A source costs 20
/// bytes and about 12 for each distinct port that got through or answered; of those that were
/// dropped it keeps 64.
class PortLedger {
  public:
    using Source = std::uint32_t;

    void probe(Source source, std::uint16_t port, bool passed);
    /// That port sent a SYN-ACK to the source.
    void answer(Source source, std::uint16_t port);
    /// The source sent an ACK to that port. Completes a handshake that was answered before.
    void acknowledge(Source source, std::uint16_t port);
    PortTally tally(Source source) const;
    void clear();

  private:
    /// Source, port and flags; 0: free.
    using Slot = std::uint64_t;

    Slot *find(Source source, std::uint16_t port);
    Slot &entry(Source source, std::uint16_t port);
    std::size_t slot_of(std::uint64_t key) const;
    void set(Slot &slot, Slot flags);
    PortTally &tally_of(Source source);
    void grow();

    std::vector<Slot> slots_ = std::vector<Slot>(1024);
    std::size_t size_ = 0;
    std::vector<PortTally> tallies_{};
};

} // namespace portscan
