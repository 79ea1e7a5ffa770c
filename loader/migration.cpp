// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/migration.h"

#include "loader/map_access.h"

#include <algorithm>
#include <cstring>

namespace portscan {
namespace {

std::uint64_t age_of(std::uint64_t timestamp_ns, std::uint64_t now_ns) {
    return now_ns > timestamp_ns ? now_ns - timestamp_ns : 0;
}

std::uint32_t queue_slots(const DetectorOptions &options, portscan_family family) {
    return family == PORTSCAN_IPV6 ? options.max_sources6 - options.blocked_limit6()
                                   : options.max_sources - options.blocked_limit();
}

void update(int map, const void *key, const void *value, const char *what) {
    if (bpf_map_update_elem(map, key, value, BPF_ANY) != 0)
        throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

MigrationCounts &MigrationCounts::operator+=(const MigrationCounts &other) {
    blocks_kept += other.blocks_kept;
    sources_kept += other.sources_kept;
    sources_lost += other.sources_lost;
    dry_run_blocks += other.dry_run_blocks;
    blocks_forgotten += other.blocks_forgotten;
    sources_forgotten += other.sources_forgotten;
    return *this;
}

FamilyMaps family_maps(const DetectorMaps &maps, portscan_family family) {
    if (family == PORTSCAN_IPV6)
        return {.registry = maps.ip6_reg, .ports = maps.ports6, .queue = maps.queue6};
    return {.registry = maps.ip_reg, .ports = maps.ports, .queue = maps.queue};
}

FamilyMigration::FamilyMigration(portscan_family family, const FamilyMaps &old_maps,
                                 MigrationRules rules) :
    family_{family},
    old_{old_maps},
    rules_{std::move(rules)} {
    for (const auto &entry : read_old()) sort_out(entry);
}

std::vector<FamilyMigration::Entry> FamilyMigration::read_old() const {
    std::vector<Entry> entries;
    if (old_.registry < 0) return entries;
    const auto add = [&](const auto &key, const portscan_record &record) {
        if (record.count == PORTSCAN_COUNT_DEAD) return;
        Entry entry{{}, record};
        std::memcpy(entry.first.address, key.address, sizeof(key.address));
        entries.push_back(entry);
    };
    if (family_ == PORTSCAN_IPV6)
        for_each_element<portscan_key6, portscan_record>(old_.registry, add);
    else
        for_each_element<portscan_key4, portscan_record>(old_.registry, add);
    return entries;
}

/// In force under the new options, and not a dry run's.
bool FamilyMigration::is_kept_block(const portscan_record &record) const {
    const auto duration = rules_.options.block_for;
    const bool over = duration && age_of(record.packet_timestamp, rules_.now_ns) >=
                                      static_cast<std::uint64_t>(duration->count());
    return record.blocked != 0 && !over && (record.dry_run == 0 || rules_.options.dry_run);
}

void FamilyMigration::sort_out(const Entry &entry) {
    const portscan_record &record = entry.second;
    if (rules_.forget_all) {
        ++(record.blocked != 0 ? counts_.blocks_forgotten : counts_.sources_forgotten);
    } else if (record.blocked != 0) {
        if (is_kept_block(record))
            blocks_.push_back(entry);
        else if (record.dry_run != 0 && !rules_.options.dry_run)
            ++counts_.dry_run_blocks;
    } else if (age_of(record.packet_timestamp, rules_.now_ns) <
               static_cast<std::uint64_t>(rules_.options.window.count())) {
        sources_.push_back(entry);
    }
}

/// In the order of their last refresh, which is that of the queue.
void FamilyMigration::keep_newest(std::size_t room) {
    std::sort(sources_.begin(), sources_.end(), [](const Entry &left, const Entry &right) {
        return left.second.packet_timestamp < right.second.packet_timestamp;
    });
    if (sources_.size() <= room) return;
    const std::size_t lost = sources_.size() - room;
    counts_.sources_lost += lost;
    sources_.erase(sources_.begin(), sources_.begin() + static_cast<std::ptrdiff_t>(lost));
}

void FamilyMigration::put(const FamilyMaps &new_maps, const Entry &entry) const {
    const auto &[key, record] = entry;
    portscan_more_ports more{};
    const bool full = record.count == PORTSCAN_RECORD_PORTS;
    if (full && rules_.options.max_ports > PORTSCAN_RECORD_PORTS && old_.ports >= 0 &&
        bpf_map_lookup_elem(old_.ports, &key, &more) == 0)
        update(new_maps.ports, &key, &more, "move further ports");
    update(new_maps.registry, &key, &record, "move a record");
}

void FamilyMigration::write(const FamilyMaps &new_maps, MappedState &state) {
    for (const auto &entry : blocks_) put(new_maps, entry);
    const std::uint32_t slots = queue_slots(rules_.options, family_);
    keep_newest(slots);
    std::uint64_t place = state.take_places(family_, sources_.size());
    for (auto &[key, record] : sources_) {
        const auto slot = static_cast<std::uint32_t>(place % slots);
        record.queue_place = static_cast<std::uint32_t>(place++);
        update(new_maps.queue, &slot, &key, "queue a record");
        put(new_maps, {key, record});
    }
    counts_.blocks_kept = blocks_.size();
    counts_.sources_kept = sources_.size();
    blocks_ = {};
    sources_ = {};
}

std::uint64_t FamilyMigration::catch_up(const FamilyMaps &new_maps) {
    std::uint64_t kept = 0;
    if (rules_.forget_all) return kept;
    for (const auto &entry : read_old()) {
        if (!is_kept_block(entry.second)) continue;
        portscan_record present{};
        if (bpf_map_lookup_elem(new_maps.registry, &entry.first, &present) == 0 &&
            present.blocked != 0)
            continue;
        put(new_maps, entry);
        ++kept;
    }
    counts_.blocks_kept += kept;
    return kept;
}

} // namespace portscan
