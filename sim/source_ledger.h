// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "loader/registry.h"
#include "sim/port_ledger.h"
#include "sim/source_report.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace portscan {

/// What the registry showed at the end, as far as states of sources hang on it.
struct RegistryView {
    std::uint64_t now_ns = 0;          ///< the program's clock
    std::vector<SourceRecord> records; ///< before the last expiry pass
    bool evictions = false;            ///< the program evicted records
};

/// The books on each source, kept from what the program says that it did. A source that was never
/// blocked costs about 80 bytes; one packet costs one look-up. `now_ns` is the program's clock;
/// times in a BlockReport are the capture's, which is the same unless the program reads its own.
class SourceLedger {
  public:
    using Index = std::uint32_t;

    explicit SourceLedger(const DetectorOptions &options);

    /// The source's entry, made where it is not there yet.
    Index entry(const Prefix &source, std::uint64_t now_ns);
    /// The same for a source that was only answered: it is first seen when it sends.
    Index mention(const Prefix &source);
    std::optional<Index> find(const Prefix &source) const;
    std::size_t size() const { return size_; }

    void packet(Index source, bool probe, bool dropped);
    PortLedger &ports() { return ports_; }
    /// The program wrote a timestamp.
    void refreshed(Index source, std::uint64_t now_ns);
    /// The program recorded a port; `opens`: as the first one of a record. True if the record
    /// before was a block.
    bool recorded(Index source, std::uint16_t port, bool opens, std::uint64_t now_ns);
    /// The source became blocked with these recorded ports.
    void blocked(Index source, const BlockReport &block, std::span<const std::uint16_t> ports,
                 std::uint64_t now_ns);
    /// An action took the record out, at `at_ns` of the capture.
    void unblocked(Index source, std::uint64_t at_ns);
    /// Sources that were ever blocked, in order of first appearance.
    std::vector<Prefix> ever_blocked() const;
    /// Sources below the prefix whose latest block is in force at `at_ns` of the capture.
    std::vector<Prefix> blocked_within(const Prefix &prefix, std::uint64_t at_ns) const;

    /// Starts the books of another capture; records and the latest blocks are carried over.
    void begin_capture();
    struct Summary {
        std::vector<SourceReport> sources; ///< all ever blocked, then up to `limit` others
        std::uint64_t omitted = 0;
    };
    Summary summarize(const RegistryView &registry, std::uint64_t limit);

  private:
    /// One cache line.
    struct Entry {
        std::array<std::uint8_t, 16> address{};
        std::uint64_t first_seen_ns = 0;
        std::uint64_t written_ns = 0; ///< of the record, as late as the program can have had it
        std::uint64_t packets = 0, probes = 0, dropped = 0;
        std::uint32_t last_block = 0; ///< in blocks_, from 1; 0: never blocked
        std::uint8_t family = 0, prefix_length = 0;
        std::uint8_t port_count = 0;
        bool tracked : 1 = false;   ///< there was a record
        bool unblocked : 1 = false; ///< and an action took it out
        bool is_block : 1 = false;  ///< the latest record is a block
        bool present : 1 = false;   ///< found in the registry, while summarizing
        bool stale : 1 = false;     ///< found there after its time
        bool in_force : 1 = false;  ///< found there as a block in force
    };
    static_assert(sizeof(Entry) == 64);
    struct Chunk {
        std::unique_ptr<Entry[]> entries;
        std::unique_ptr<std::uint16_t[]> ports; ///< max_ports for each entry
    };
    struct Block {
        BlockReport report;
        std::uint32_t previous = 0; ///< of the same source, in blocks_, from 1; 0: none
    };
    static constexpr std::size_t chunk_size = 4096;

    Entry &at(Index index) { return chunks_[index / chunk_size].entries[index % chunk_size]; }
    const Entry &at(Index index) const {
        return chunks_[index / chunk_size].entries[index % chunk_size];
    }
    std::span<std::uint16_t> ports_of(Index index);
    Prefix prefix_of(const Entry &entry) const;
    std::size_t slot_of(const Prefix &source) const;
    Index append(const Prefix &source, std::uint64_t now_ns);
    void grow_slots();
    void mark(const RegistryView &registry);
    bool outlived(const Entry &entry, std::uint64_t now_ns) const;
    std::optional<SourceState> state_of(const Entry &entry, const RegistryView &registry) const;
    SourceReport report_of(Index index, const RegistryView &registry);

    DetectorOptions options_;
    std::vector<Chunk> chunks_;
    std::vector<Block> blocks_;
    PortLedger ports_;
    std::vector<Index> slots_; ///< open addressing: index of an entry, or `free_slot`
    std::size_t size_ = 0;
};

} // namespace portscan
