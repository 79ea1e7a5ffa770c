// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/port_ledger.h"

#include <fmt/format.h>
#include <utility>

namespace portscan {
namespace {

constexpr std::uint64_t used = 1;
constexpr std::uint64_t probed_flag = 2;
constexpr std::uint64_t passed_flag = 4;
constexpr std::uint64_t answered_flag = 8;
constexpr std::uint64_t completed_flag = 16;
constexpr unsigned flag_bits = 16;
constexpr std::uint32_t most_dropped = 64;

std::uint64_t key_of(std::uint32_t source, std::uint16_t port) {
    return static_cast<std::uint64_t>(source) << 16 | port;
}

bool has(std::uint64_t slot, std::uint64_t flags) {
    return (slot & flags) == flags;
}

} // namespace

bool likely_honest(const PortTally &tally) {
    return tally.probed_completed > 0 && 2 * tally.probed_completed >= tally.probed;
}

std::string honesty_reason(const PortTally &tally) {
    return fmt::format("{} of {} port{} answered, {} handshake{} completed", tally.probed_answered,
                       tally.probed, tally.probed == 1 ? "" : "s", tally.probed_completed,
                       tally.probed_completed == 1 ? "" : "s");
}

/// Where the key is, or the free slot where it belongs.
std::size_t PortLedger::slot_of(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::uint64_t hash = key * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32;
    std::size_t slot = hash & mask;
    while (slots_[slot] != 0 && slots_[slot] >> flag_bits != key) slot = (slot + 1) & mask;
    return slot;
}

PortLedger::Slot *PortLedger::find(Source source, std::uint16_t port) {
    Slot &slot = slots_[slot_of(key_of(source, port))];
    return slot == 0 ? nullptr : &slot;
}

PortLedger::Slot &PortLedger::entry(Source source, std::uint16_t port) {
    const std::uint64_t key = key_of(source, port);
    Slot *slot = &slots_[slot_of(key)];
    if (*slot != 0) return *slot;
    if (size_ + 1 > slots_.size() / 4 * 3) {
        grow();
        slot = &slots_[slot_of(key)];
    }
    ++size_;
    return *slot = key << flag_bits | used;
}

void PortLedger::grow() {
    const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
    for (const Slot slot : before)
        if (slot != 0) slots_[slot_of(slot >> flag_bits)] = slot;
}

PortTally &PortLedger::tally_of(Source source) {
    if (source >= tallies_.size()) tallies_.resize(source + std::size_t{1});
    return tallies_[source];
}

/// Sets flags and counts what became true by them.
void PortLedger::set(Slot &slot, Slot flags) {
    const Slot before = std::exchange(slot, slot | flags);
    PortTally &tally = tally_of(static_cast<Source>(slot >> 32));
    const auto count = [&](std::uint32_t &counter, Slot all) {
        if (has(slot, all) && !has(before, all)) ++counter;
    };
    count(tally.probed, probed_flag);
    count(tally.probed_answered, probed_flag | answered_flag);
    count(tally.probed_completed, probed_flag | answered_flag | completed_flag);
    count(tally.passed, passed_flag);
    count(tally.answered, passed_flag | answered_flag);
}

void PortLedger::probe(Source source, std::uint16_t port, bool passed) {
    if (passed) return set(entry(source, port), probed_flag | passed_flag);
    const PortTally &tally = tally_of(source);
    if (tally.probed - tally.passed < most_dropped)
        set(entry(source, port), probed_flag);
    else if (Slot *const slot = find(source, port))
        set(*slot, probed_flag);
}

void PortLedger::answer(Source source, std::uint16_t port) {
    set(entry(source, port), answered_flag);
}

void PortLedger::acknowledge(Source source, std::uint16_t port) {
    Slot *const slot = find(source, port);
    if (slot != nullptr && has(*slot, answered_flag)) set(*slot, completed_flag);
}

PortTally PortLedger::tally(Source source) const {
    return source < tallies_.size() ? tallies_[source] : PortTally{};
}

void PortLedger::clear() {
    *this = PortLedger{};
}

} // namespace portscan
