// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/model.h"

#include <algorithm>

namespace portscan {
namespace {

std::uint64_t in_ns(std::chrono::nanoseconds duration) {
    return static_cast<std::uint64_t>(duration.count());
}

/// fe80::/10 (RFC 4291, section 2.5.6).
bool is_link_local(const Address &address) {
    return address.is_ipv6() && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}

bool bit_at(const Address &address, unsigned index) {
    return (address.bytes[index / 8] >> (7 - index % 8) & 1) != 0;
}

Address leading_bits(const Address &address, unsigned length) {
    Address result = address;
    for (unsigned i = length; i < address.bits(); ++i)
        result.bytes[i / 8] &= static_cast<std::uint8_t>(~(0x80 >> i % 8));
    return result;
}

/// Does every address of `inner` lie within `outer`?
bool covers(const Prefix &outer, const Prefix &inner) {
    if (outer.address.family != inner.address.family || outer.length > inner.length) return false;
    for (unsigned i = 0; i < outer.length; ++i)
        if (bit_at(outer.address, i) != bit_at(inner.address, i)) return false;
    return true;
}

/// What the specification lists as dropped; everything else passes.
bool is_drop(Reason reason) {
    return reason == Reason::blocked || reason == Reason::threshold ||
           reason == Reason::block_refused;
}

} // namespace

Model::Model(const DetectorOptions &options) : options_(options) {
    for (const Prefix &prefix : options.allow) allow(prefix);
}

ModelOutcome Model::packet(std::span<const std::uint8_t> frame) {
    const ModelPacket packet = read_packet(frame);
    if (packet.is_probe) ++counters_.probes;

    const Reason reason = decide(packet);
    const bool drop = is_drop(reason) && !options_.dry_run;
    if (is_drop(reason) && options_.dry_run) ++counters_.would_drop;

    // A malformed packet goes on to the kernel, but is counted apart.
    const Verdict verdict = drop ? Verdict::drop : Verdict::pass;
    const Verdict counted = reason == Reason::malformed ? Verdict::aborted : verdict;
    ++counters_.verdicts.at(static_cast<std::size_t>(counted));
    ++counters_.reasons.at(static_cast<std::size_t>(reason));
    return {verdict, reason};
}

/// "Order": malformed? blocked source? then what only a probe is asked.
Reason Model::decide(const ModelPacket &packet) {
    if (packet.kind == ModelPacket::Kind::malformed) return Reason::malformed;
    if (packet.kind == ModelPacket::Kind::not_ip) return Reason::not_ip;

    const Prefix source = source_of(packet.source);
    const auto found = records_.find(source);
    const bool is_blocked =
        found != records_.end() && found->second.blocked && !is_over(found->second);
    // The allowlist wins: of a blocked IPv6 prefix, the addresses that are on it.
    if (is_blocked && in_scope(packet))
        return is_allowed(Prefix::host(packet.source)) ? Reason::allowlisted : Reason::blocked;

    if (packet.kind == ModelPacket::Kind::not_tcp) return Reason::not_tcp;
    if (!packet.is_probe) return Reason::not_probe;
    return decide_probe(source, packet);
}

/// Ignored port? recorded port? allowlist? then record or block.
Reason Model::decide_probe(const Prefix &source, const ModelPacket &packet) {
    if (is_ignored(packet.port)) return Reason::ignored;

    // A record that is over is none, but stands in the registry until it is replaced or expires.
    const auto found = records_.find(source);
    ModelRecord *record =
        found == records_.end() || is_over(found->second) ? nullptr : &found->second;
    if (record != nullptr && std::ranges::count(record->ports, packet.port) != 0) {
        refresh(*record);
        return Reason::known;
    }
    if (is_allowed(Prefix::host(packet.source))) return Reason::allowlisted;

    if (record == nullptr) {
        record = &records_[source];
        *record = ModelRecord{};
        ++counters_.inserted;
    }
    if (record->ports.size() >= options_.max_ports)
        return cross_threshold(source, *record, packet.port);
    record->ports.push_back(packet.port);
    record->timestamp_ns = std::max(record->timestamp_ns, now_ns_);
    return Reason::recorded;
}

Reason Model::cross_threshold(const Prefix &source, ModelRecord &record, std::uint16_t port) {
    if (!may_block(source)) return Reason::block_refused;
    record.blocked = true;
    record.trigger_port = port;
    record.timestamp_ns = now_ns_;
    record.dry_run = options_.dry_run;
    ++counters_.blocks;
    events_.push_back({.source = source,
                       .time_ns = now_ns_,
                       .ports = record.ports,
                       .trigger_port = port,
                       .dry_run = options_.dry_run});
    return Reason::threshold;
}

/// "Time": written only where that moves it by min(window/64, 1 s) or more.
void Model::refresh(ModelRecord &record) const {
    const std::uint64_t step =
        in_ns(std::min<std::chrono::nanoseconds>(options_.window / 64, std::chrono::seconds{1}));
    if (now_ns_ >= record.timestamp_ns && age(record) >= step) record.timestamp_ns = now_ns_;
}

/// Time that runs backwards makes no record old: a negative age is 0.
std::uint64_t Model::age(const ModelRecord &record) const {
    return now_ns_ > record.timestamp_ns ? now_ns_ - record.timestamp_ns : 0;
}

/// The source starts afresh at its next probe: idle for the window, or blocked for the duration.
bool Model::is_over(const ModelRecord &record) const {
    if (!record.blocked) return age(record) >= in_ns(options_.window);
    return options_.block_for && age(record) >= in_ns(*options_.block_for);
}

/// An expiry pass takes it out: idle for twice the window, or a block that is over.
bool Model::is_freed(const ModelRecord &record) const {
    if (record.blocked) return is_over(record);
    const std::uint64_t window = in_ns(options_.window);
    return age(record) >= window && age(record) - window >= window;
}

bool Model::in_scope(const ModelPacket &packet) const {
    switch (options_.block_scope) {
    case BlockScope::tcp:
        return packet.kind == ModelPacket::Kind::tcp;
    case BlockScope::probes:
        return packet.is_probe;
    case BlockScope::all:
        return true;
    }
    return false;
}

bool Model::is_ignored(std::uint16_t port) const {
    return std::ranges::any_of(options_.ignore_ports, [port](const PortRange &range) {
        return range.first <= port && port <= range.last;
    });
}

bool Model::is_allowed(const Prefix &source_or_address) const {
    return std::ranges::any_of(
        allowlist_, [&](const Prefix &entry) { return covers(entry, source_or_address); });
}

/// "Bounded memory": is there room for one more block? A block that is over counts until an expiry
/// pass takes it out or its own source starts afresh.
bool Model::may_block(const Prefix &source) const {
    const auto others = std::ranges::count_if(records_, [&](const auto &entry) {
        return entry.second.blocked && entry.first != source &&
               entry.first.address.family == source.address.family;
    });
    const std::uint32_t bound =
        source.address.is_ipv6() ? options_.blocked_limit6() : options_.blocked_limit();
    return static_cast<std::uint32_t>(others) < bound;
}

Prefix Model::source_of(const Address &address) const {
    if (!address.is_ipv6()) return {address, 32};
    if (is_link_local(address)) return {address, 128};
    return {leading_bits(address, options_.ipv6_prefix), options_.ipv6_prefix};
}

bool Model::unblock(const Address &address) {
    return records_.erase(source_of(address)) != 0;
}

ModelBlock Model::block(const Address &address) {
    const Prefix source = source_of(address);
    if (is_allowed(source)) return ModelBlock::allowlisted;
    const auto found = records_.find(source);
    if (found != records_.end() && found->second.blocked && !is_over(found->second))
        return ModelBlock::already_blocked;
    if (!may_block(source)) return ModelBlock::bound_reached;
    records_[source] = {
        .timestamp_ns = now_ns_, .blocked = true, .trigger_port = 0, .manual = true};
    return ModelBlock::blocked;
}

/// Lifts the blocks that the prefix covers.
void Model::allow(const Prefix &prefix) {
    allowlist_.insert({leading_bits(prefix.address, prefix.length), prefix.length});
    std::erase_if(records_, [&](const auto &entry) {
        return entry.second.blocked && covers(prefix, entry.first);
    });
}

bool Model::disallow(const Prefix &prefix) {
    return allowlist_.erase({leading_bits(prefix.address, prefix.length), prefix.length}) != 0;
}

ModelExpiry Model::expire() {
    ModelExpiry report;
    std::erase_if(records_, [&](const auto &entry) {
        if (!is_freed(entry.second)) return false;
        ++(entry.second.blocked ? report.blocks_freed : report.sources_freed);
        return true;
    });
    report.sources_left = records_.size();
    report.blocks_left = static_cast<std::uint64_t>(
        std::ranges::count_if(records_, [](const auto &entry) { return entry.second.blocked; }));
    counters_.registry_size = report.sources_left;
    return report;
}

} // namespace portscan
