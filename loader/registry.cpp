// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/registry.h"

#include "loader/map_access.h"

#include <algorithm>
#include <cstring>

namespace portscan {
namespace {

portscan_family family_of(const Prefix &source) {
    return source.address.is_ipv6() ? PORTSCAN_IPV6 : PORTSCAN_IPV4;
}

portscan_key6 make_key(const Prefix &source) {
    portscan_key6 key{}; // an IPv4 key is its first four bytes
    std::copy(source.address.bytes.begin(), source.address.bytes.end(), key.address);
    return key;
}

/// A change of blocks and of their count, while it lasts.
class HandChange {
  public:
    HandChange(MappedState &state, portscan_family family) : state_{state}, family_{family} {
        state_.begin_hand_change(family_);
    }
    HandChange(const HandChange &) = delete;
    HandChange &operator=(const HandChange &) = delete;
    ~HandChange() { state_.end_hand_change(family_); }

  private:
    MappedState &state_;
    portscan_family family_;
};

portscan_record make_manual_block(std::uint64_t now_ns) {
    portscan_record record{};
    record.blocked = 1;
    record.packet_timestamp = now_ns;
    record.manual = 1;
    return record;
}

} // namespace

Registry::Registry(const DetectorMaps &maps, MappedState &state, const DetectorOptions &options) :
    maps_{maps},
    state_{&state},
    ipv6_prefix_{options.ipv6_prefix},
    more_ports_{options.max_ports > PORTSCAN_RECORD_PORTS},
    block_for_{options.block_for},
    max_blocked_{options.blocked_limit(), options.blocked_limit6()} {}

Prefix Registry::source_of(const Address &address) const {
    return portscan::source_of(address, ipv6_prefix_);
}

SourceRecord Registry::decode(const Prefix &source, const portscan_record &record) const {
    SourceRecord result{.source = source,
                        .blocked = record.blocked != 0,
                        .timestamp_ns = record.packet_timestamp,
                        .trigger_port = record.trigger_port,
                        .ifindex = record.block_ifindex,
                        .manual = record.manual != 0,
                        .dry_run = record.dry_run != 0};
    if (record.count > 0) result.ports.push_back(record.port1);
    if (record.count > 1) result.ports.push_back(record.port2);
    if (record.count > 2) result.ports.push_back(record.port3);
    if (more_ports_ && record.count == PORTSCAN_RECORD_PORTS)
        append_more_ports(result, record.life);
    return result;
}

void Registry::append_more_ports(SourceRecord &record, std::uint32_t life) const {
    const auto key = make_key(record.source);
    portscan_more_ports more{};
    const int map = record.source.address.is_ipv6() ? maps_.ports6 : maps_.ports;
    if (bpf_map_lookup_elem(map, &key, &more) != 0)
        return throw_unless(ENOENT, "read further ports");
    for (const auto word : more.word) {
        if (word >> PORTSCAN_MORE_LIFE_SHIFT != (life & PORTSCAN_MORE_LIFE_MASK)) continue;
        const auto count = word >> PORTSCAN_MORE_COUNT_SHIFT & PORTSCAN_MORE_COUNT_MASK;
        for (unsigned i = 0; i < count; ++i)
            record.ports.push_back(static_cast<std::uint16_t>(word >> PORTSCAN_MORE_PORT_BITS * i));
    }
}

std::optional<SourceRecord> Registry::find(const Prefix &source) const {
    const auto key = make_key(source);
    portscan_record record{};
    const int map = source.address.is_ipv6() ? maps_.ip6_reg : maps_.ip_reg;
    if (bpf_map_lookup_elem(map, &key, &record) != 0) {
        throw_unless(ENOENT, "look up source");
        return std::nullopt;
    }
    if (record.count == PORTSCAN_COUNT_DEAD) return std::nullopt;
    return decode(source, record);
}

void Registry::for_each(bool blocks_only,
                        const std::function<void(const SourceRecord &)> &visit) const {
    const auto is_wanted = [blocks_only](const portscan_record &record) {
        return record.count != PORTSCAN_COUNT_DEAD && (record.blocked != 0 || !blocks_only);
    };
    for_each_element<portscan_key4, portscan_record>(
        maps_.ip_reg, [&](const auto &key, const auto &record) {
            if (is_wanted(record)) visit(decode(Prefix::host(Address::ipv4(key.address)), record));
        });
    for_each_element<portscan_key6, portscan_record>(
        maps_.ip6_reg, [&](const auto &key, const auto &record) {
            if (is_wanted(record)) visit(decode(source_of(Address::ipv6(key.address)), record));
        });
}

std::vector<SourceRecord> Registry::all() const {
    std::vector<SourceRecord> records;
    for_each(false, [&](const SourceRecord &record) { records.push_back(record); });
    return records;
}

std::optional<SourceRecord> Registry::remove(const Prefix &source) {
    const auto key = make_key(source);
    const bool ipv6 = source.address.is_ipv6();
    portscan_record record{};
    const HandChange change{*state_, family_of(source)};
    if (bpf_map_lookup_and_delete_elem(ipv6 ? maps_.ip6_reg : maps_.ip_reg, &key, &record) != 0) {
        throw_unless(ENOENT, "unblock source");
        return std::nullopt;
    }
    if (record.blocked != 0) state_->give_blocks(family_of(source), 1);
    auto removed = decode(source, record);
    if (more_ports_) bpf_map_delete_elem(ipv6 ? maps_.ports6 : maps_.ports, &key);
    return removed;
}

std::vector<SourceRecord> Registry::remove_covered(const Prefix &prefix, bool blocks_only) {
    std::vector<SourceRecord> removed;
    const auto take = [&](const Prefix &source) {
        if (const auto record = remove(source)) removed.push_back(*record);
    };
    if (const Prefix single = source_of(prefix.address); prefix == single) {
        const auto record = find(single);
        if (record && (record->blocked || !blocks_only)) take(single);
        return removed;
    }
    std::vector<Prefix> covered; // first, since the walk must not meet its own changes
    for_each(blocks_only, [&](const SourceRecord &record) {
        if (prefix.contains(record.source)) covered.push_back(record.source);
    });
    for (const auto &source : covered) take(source);
    return removed;
}

bool Registry::is_over(const SourceRecord &block, std::uint64_t now_ns) const {
    const auto age_ns = static_cast<std::int64_t>(now_ns - block.timestamp_ns);
    return block_for_ && age_ns >= block_for_->count();
}

BlockOutcome Registry::block(const Prefix &source, std::uint64_t now_ns) {
    const auto family = family_of(source);
    if (const auto record = find(source); record && record->blocked) {
        if (!is_over(*record, now_ns)) return BlockOutcome::already_blocked;
        remove(source); // an expiry pass would have
    }
    const HandChange change{*state_, family};
    if (!state_->take_block(family, max_blocked_[family])) return BlockOutcome::bound_reached;

    const auto key = make_key(source);
    const auto record = make_manual_block(now_ns);
    const bool ipv6 = source.address.is_ipv6();
    if (more_ports_) bpf_map_delete_elem(ipv6 ? maps_.ports6 : maps_.ports, &key);
    if (bpf_map_update_elem(ipv6 ? maps_.ip6_reg : maps_.ip_reg, &key, &record, BPF_ANY) != 0) {
        const int error = errno;
        state_->give_blocks(family, 1);
        throw std::system_error(error, std::generic_category(), "block source");
    }
    return BlockOutcome::blocked;
}

} // namespace portscan
