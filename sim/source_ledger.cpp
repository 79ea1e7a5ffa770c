// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/source_ledger.h"

#include <algorithm>
#include <cstring>

namespace portscan {
namespace {

constexpr SourceLedger::Index free_slot = UINT32_MAX;
constexpr std::size_t first_slots = 1024;
constexpr std::uint64_t not_seen = UINT64_MAX;

struct Halves {
    std::uint64_t high = 0, low = 0;
};

Halves halves_of(const std::array<std::uint8_t, 16> &address) {
    Halves halves;
    std::memcpy(&halves.high, address.data(), sizeof halves.high);
    std::memcpy(&halves.low, address.data() + sizeof halves.high, sizeof halves.low);
    return halves;
}

/// Without a call of memcmp(), which is what the comparison of arrays becomes.
bool same(const std::array<std::uint8_t, 16> &one, const std::array<std::uint8_t, 16> &other) {
    const Halves a = halves_of(one), b = halves_of(other);
    return a.high == b.high && a.low == b.low;
}

/// Both halves of the address spread over all bits: the table takes the highest ones.
std::uint64_t spread(const std::array<std::uint8_t, 16> &address) {
    const auto [high, low] = halves_of(address);
    std::uint64_t hash = high * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32;
    hash = (hash + low) * 0xd6e8feb86659fd93ULL;
    hash ^= hash >> 32;
    return hash * 0x9e3779b97f4a7c15ULL;
}

/// Signed, as the program takes it: a negative age is 0.
std::uint64_t age(std::uint64_t now_ns, std::uint64_t then_ns) {
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

std::uint64_t count(std::chrono::nanoseconds duration) {
    return static_cast<std::uint64_t>(duration.count());
}

bool in_force(const BlockReport &block, std::uint64_t at_ns) {
    return !block.until_ns || at_ns < *block.until_ns;
}

} // namespace

std::string_view to_string(SourceState state) {
    switch (state) {
    case SourceState::active:
        return "active";
    case SourceState::expired:
        return "expired";
    case SourceState::evicted:
        return "evicted";
    case SourceState::unblocked:
        return "unblocked";
    }
    return "active";
}

SourceLedger::SourceLedger(const DetectorOptions &options) :
    options_(options),
    slots_(first_slots, free_slot) {}

std::span<std::uint16_t> SourceLedger::ports_of(Index index) {
    std::uint16_t *const ports = chunks_[index / chunk_size].ports.get();
    return {ports + index % chunk_size * options_.max_ports, options_.max_ports};
}

Prefix SourceLedger::prefix_of(const Entry &entry) const {
    const auto family = static_cast<Address::Family>(entry.family);
    return {{.family = family, .bytes = entry.address}, entry.prefix_length};
}

/// Where the source's index is, or the free slot where it belongs.
std::size_t SourceLedger::slot_of(const Prefix &source) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = (spread(source.address.bytes) >> 32) & mask;
    while (slots_[slot] != free_slot) {
        const Entry &entry = at(slots_[slot]);
        if (same(entry.address, source.address.bytes) && entry.prefix_length == source.length &&
            entry.family == static_cast<std::uint8_t>(source.address.family)) {
            break;
        }
        slot = (slot + 1) & mask;
    }
    return slot;
}

SourceLedger::Index SourceLedger::append(const Prefix &source, std::uint64_t now_ns) {
    if (size_ % chunk_size == 0) {
        chunks_.push_back({std::make_unique<Entry[]>(chunk_size),
                           std::make_unique<std::uint16_t[]>(chunk_size * options_.max_ports)});
    }
    const auto index = static_cast<Index>(size_++);
    Entry &entry = at(index);
    entry.address = source.address.bytes;
    entry.family = static_cast<std::uint8_t>(source.address.family);
    entry.prefix_length = static_cast<std::uint8_t>(source.length);
    entry.first_seen_ns = now_ns;
    return index;
}

void SourceLedger::grow_slots() {
    slots_.assign(slots_.size() * 2, free_slot);
    for (Index index = 0; index < size_; ++index) slots_[slot_of(prefix_of(at(index)))] = index;
}

SourceLedger::Index SourceLedger::entry(const Prefix &source, std::uint64_t now_ns) {
    std::size_t slot = slot_of(source);
    if (slots_[slot] != free_slot) {
        Entry &known = at(slots_[slot]);
        if (known.first_seen_ns == not_seen) known.first_seen_ns = now_ns;
        return slots_[slot];
    }
    if (size_ + 1 > slots_.size() / 4 * 3) {
        grow_slots();
        slot = slot_of(source);
    }
    return slots_[slot] = append(source, now_ns);
}

SourceLedger::Index SourceLedger::mention(const Prefix &source) {
    const auto known = find(source);
    return known ? *known : entry(source, not_seen);
}

std::optional<SourceLedger::Index> SourceLedger::find(const Prefix &source) const {
    const Index index = slots_[slot_of(source)];
    return index == free_slot ? std::nullopt : std::optional{index};
}

void SourceLedger::packet(Index source, bool probe, bool dropped) {
    Entry &entry = at(source);
    ++entry.packets;
    entry.probes += probe;
    entry.dropped += dropped;
}

void SourceLedger::refreshed(Index source, std::uint64_t now_ns) {
    at(source).written_ns = now_ns;
}

bool SourceLedger::recorded(Index source, std::uint16_t port, bool opens, std::uint64_t now_ns) {
    Entry &entry = at(source);
    const bool was_block = entry.is_block && !entry.unblocked;
    entry.tracked = true;
    entry.unblocked = entry.is_block = false;
    entry.written_ns = now_ns;
    if (entry.last_block != 0) return was_block; // the ports of the block stay
    if (opens) entry.port_count = 0;
    if (entry.port_count < options_.max_ports) ports_of(source)[entry.port_count++] = port;
    return false;
}

void SourceLedger::blocked(Index source, const BlockReport &block,
                           std::span<const std::uint16_t> ports, std::uint64_t now_ns) {
    Entry &entry = at(source);
    entry.tracked = entry.is_block = true;
    entry.unblocked = false;
    entry.written_ns = now_ns;
    entry.port_count =
        static_cast<std::uint8_t>(std::min<std::size_t>(ports.size(), options_.max_ports));
    std::copy_n(ports.begin(), entry.port_count, ports_of(source).begin());
    blocks_.push_back({block, entry.last_block});
    entry.last_block = static_cast<std::uint32_t>(blocks_.size());
}

void SourceLedger::unblocked(Index source, std::uint64_t at_ns) {
    Entry &entry = at(source);
    entry.unblocked = true;
    if (entry.last_block == 0) return;
    BlockReport &block = blocks_[entry.last_block - 1].report;
    if (in_force(block, at_ns)) block.until_ns = at_ns;
}

std::vector<Prefix> SourceLedger::ever_blocked() const {
    std::vector<Prefix> found;
    for (Index index = 0; index < size_; ++index)
        if (at(index).last_block != 0) found.push_back(prefix_of(at(index)));
    return found;
}

std::vector<Prefix> SourceLedger::blocked_within(const Prefix &prefix, std::uint64_t at_ns) const {
    std::vector<Prefix> found;
    for (Index index = 0; index < size_; ++index) {
        const Entry &entry = at(index);
        if (entry.last_block == 0 || !in_force(blocks_[entry.last_block - 1].report, at_ns)) {
            continue;
        }
        if (prefix.contains(prefix_of(entry))) found.push_back(prefix_of(entry));
    }
    return found;
}

void SourceLedger::begin_capture() {
    std::vector<Block> carried;
    for (Index index = 0; index < size_; ++index) {
        Entry &entry = at(index);
        entry.packets = entry.probes = entry.dropped = 0;
        if (entry.last_block == 0) continue;
        Block &block = carried.emplace_back(blocks_[entry.last_block - 1]);
        block.report.frame = 0; // a frame of another file
        block.previous = 0;
        entry.last_block = static_cast<std::uint32_t>(carried.size());
    }
    blocks_ = std::move(carried);
    ports_.clear();
}

/// Notes on each entry what the registry shows of it.
void SourceLedger::mark(const RegistryView &registry) {
    for (Index index = 0; index < size_; ++index) {
        Entry &entry = at(index);
        entry.present = entry.stale = entry.in_force = false;
    }
    for (const SourceRecord &record : registry.records) {
        const auto index = find(record.source);
        if (!index) continue;
        Entry &entry = at(*index);
        const std::uint64_t record_age = age(registry.now_ns, record.timestamp_ns);
        entry.present = true;
        entry.stale = record.blocked
                          ? options_.block_for && record_age >= count(*options_.block_for)
                          : record_age >= count(options_.window);
        entry.in_force = record.blocked && !record.dry_run && !entry.stale;
    }
}

/// A record that is gone had reached the age at which the expirer frees it. The program's own
/// timestamp may be older than written_ns by what it spares refreshes (docs/detection.md, "Time").
bool SourceLedger::outlived(const Entry &entry, std::uint64_t now_ns) const {
    const std::uint64_t idle = age(now_ns, entry.written_ns);
    if (entry.is_block) return options_.block_for && idle >= count(*options_.block_for);
    const std::uint64_t spared =
        std::min<std::uint64_t>(count(options_.window) / 64, 1'000'000'000);
    return idle + spared >= 2 * count(options_.window);
}

std::optional<SourceState> SourceLedger::state_of(const Entry &entry,
                                                  const RegistryView &registry) const {
    if (entry.present) return entry.stale ? SourceState::expired : SourceState::active;
    if (!entry.tracked) return std::nullopt;
    if (entry.unblocked) return SourceState::unblocked;
    const bool own_time = !registry.evictions || outlived(entry, registry.now_ns);
    return own_time ? SourceState::expired : SourceState::evicted;
}

SourceReport SourceLedger::report_of(Index index, const RegistryView &registry) {
    const Entry &entry = at(index);
    const auto ports = ports_of(index).first(entry.port_count);
    SourceReport report{.address = prefix_of(entry),
                        .state = state_of(entry, registry),
                        .blocked = entry.in_force,
                        .ports = {ports.begin(), ports.end()},
                        .probes = entry.probes,
                        .packets = entry.packets,
                        .dropped = entry.dropped,
                        .first_seen_ns = entry.first_seen_ns,
                        .blocks = {},
                        .reach = ports_.tally(index)};
    for (std::uint32_t i = entry.last_block; i != 0; i = blocks_[i - 1].previous) {
        report.blocks.push_back(blocks_[i - 1].report);
    }
    std::reverse(report.blocks.begin(), report.blocks.end());
    return report;
}

SourceLedger::Summary SourceLedger::summarize(const RegistryView &registry, std::uint64_t limit) {
    mark(registry);
    Summary summary;
    summary.sources.reserve(std::min<std::uint64_t>(size_, limit));
    for (Index index = 0; index < size_; ++index) {
        if (at(index).last_block != 0) summary.sources.push_back(report_of(index, registry));
    }
    std::uint64_t others = 0;
    for (Index index = 0; index < size_; ++index) {
        const Entry &entry = at(index);
        const bool concerned = entry.probes != 0 || entry.dropped != 0;
        if (entry.last_block != 0 || !concerned) continue;
        if (others++ < limit) {
            summary.sources.push_back(report_of(index, registry));
        } else {
            ++summary.omitted;
        }
    }
    return summary;
}

} // namespace portscan
