// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/allowlist.h"

#include "loader/map_access.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace portscan {
namespace {

/// Key of either trie: the IPv4 one is its leading bytes.
portscan_allow_key6 make_key(const Prefix &prefix) {
    portscan_allow_key6 key{};
    key.prefix_length = prefix.length;
    std::copy(prefix.address.bytes.begin(), prefix.address.bytes.end(), key.address);
    return key;
}

bool is_manual(const AllowEntry &entry) {
    return (entry.origins & static_cast<std::uint32_t>(AllowOrigin::manual)) != 0;
}

template <typename Key, typename ToAddress>
void list_trie(int map_fd, ToAddress to_address, std::vector<AllowEntry> &entries) {
    Key key{};
    const void *previous = nullptr;
    while (bpf_map_get_next_key(map_fd, previous, &key) == 0) {
        portscan_allow_value value{};
        previous = &key;
        if (bpf_map_lookup_elem(map_fd, &key, &value) != 0) continue;
        entries.push_back({.prefix = {to_address(key.address), key.prefix_length},
                           .origins = value.origins,
                           .until_ns = value.until});
    }
    throw_unless(ENOENT, "list allowlist");
}

} // namespace

Allowlist::Allowlist(const DetectorMaps &maps, MappedState &state, Registry &registry) :
    maps_{maps},
    state_{&state},
    registry_{&registry} {}

void Allowlist::put(const AllowEntry &entry) {
    const auto key = make_key(entry.prefix);
    const portscan_allow_value value{
        .until = entry.until_ns, .origins = entry.origins, .padding = 0};
    if (bpf_map_update_elem(entry.prefix.address.is_ipv6() ? maps_.allow6 : maps_.allow, &key,
                            &value, BPF_ANY) != 0)
        throw std::system_error(
            errno, std::generic_category(),
            fmt::format("add {} to allowlist{}", entry.prefix.to_string(),
                        errno == ENOSPC ? ", which is full: give fewer, shorter prefixes" : ""));
}

std::vector<SourceRecord> Allowlist::add(const Prefix &prefix, AllowOrigin origin,
                                         std::uint64_t until_ns) {
    // A trie's look-up finds shorter prefixes too, so presence is decided by listing.
    const auto entries = list();
    const auto present = std::find_if(entries.begin(), entries.end(),
                                      [&](const auto &entry) { return entry.prefix == prefix; });
    AllowEntry entry{.prefix = prefix, .until_ns = until_ns};
    if (present != entries.end()) {
        entry = *present;
        // By hand, it is not cut short; what others put there has no time.
        const bool stays = until_ns == 0 || (is_manual(*present) && present->until_ns == 0);
        if (origin == AllowOrigin::manual)
            entry.until_ns = stays ? 0 : std::max(until_ns, present->until_ns);
    }
    entry.origins |= static_cast<std::uint32_t>(origin);
    put(entry);
    if (present == entries.end()) {
        count_inside(prefix, 1);
        count_prefixes_inside();
    }
    state_->note_allow_changed();
    return registry_->remove_covered(prefix, true);
}

std::vector<SourceRecord> Allowlist::replace(AllowOrigin origin,
                                             const std::vector<Prefix> &prefixes) {
    const auto bit = static_cast<std::uint32_t>(origin);
    const std::set<Prefix> wanted{prefixes.begin(), prefixes.end()};
    std::set<Prefix> absent = wanted;
    for (AllowEntry entry : list()) {
        const bool keeps = absent.erase(entry.prefix) != 0;
        const bool had = (entry.origins & bit) != 0;
        if (keeps == had) continue;
        entry.origins = keeps ? entry.origins | bit : entry.origins & ~bit;
        if (entry.origins != 0)
            put(entry);
        else
            remove(entry.prefix);
    }
    for (const auto &prefix : absent) {
        put({.prefix = prefix, .origins = bit});
        count_inside(prefix, 1);
    }
    count_prefixes_inside();
    state_->note_allow_changed();
    return lift_covered_blocks();
}

std::vector<Prefix> Allowlist::expire(std::uint64_t now_ns) {
    std::vector<Prefix> expired;
    for (AllowEntry entry : list()) {
        if (entry.until_ns == 0 || entry.until_ns > now_ns) continue;
        entry.origins &= ~static_cast<std::uint32_t>(AllowOrigin::manual);
        entry.until_ns = 0;
        if (entry.origins != 0)
            put(entry);
        else if (remove(entry.prefix))
            expired.push_back(entry.prefix);
    }
    return expired;
}

void Allowlist::rebuild_index() {
    for (const auto &entry : list()) count_inside(entry.prefix, 1);
    count_prefixes_inside();
}

bool Allowlist::remove(const Prefix &prefix) {
    const int map = prefix.address.is_ipv6() ? maps_.allow6 : maps_.allow;
    const auto key = make_key(prefix);
    if (bpf_map_delete_elem(map, &key) != 0) {
        throw_unless(ENOENT, "remove from allowlist");
        return false;
    }
    count_inside(prefix, -1);
    count_prefixes_inside();
    return true;
}

/// Keeps pscan_allow6_in: prefixes of sources that contain longer entries.
void Allowlist::count_inside(const Prefix &prefix, int change) {
    const Prefix source = registry_->source_of(prefix.address);
    if (!prefix.address.is_ipv6() || prefix.length <= source.length) return;
    __u32 count = 0;
    if (bpf_map_lookup_elem(maps_.allow6_in, source.address.bytes.data(), &count) != 0)
        throw_unless(ENOENT, "read pscan_allow6_in");
    count += static_cast<__u32>(change);
    const int error = count == 0 ? bpf_map_delete_elem(maps_.allow6_in, source.address.bytes.data())
                                 : bpf_map_update_elem(maps_.allow6_in, source.address.bytes.data(),
                                                       &count, BPF_ANY);
    if (error != 0)
        throw std::system_error(errno, std::generic_category(), "update pscan_allow6_in");
}

/// The program looks into the index only where it has entries.
void Allowlist::count_prefixes_inside() {
    unsigned prefixes = 0;
    for_each_element<portscan_key6, __u32>(maps_.allow6_in,
                                           [&](const auto &, auto) { ++prefixes; });
    state_->set_allow6_inside(prefixes);
}

std::vector<AllowEntry> Allowlist::list() const {
    std::vector<AllowEntry> entries;
    list_trie<portscan_allow_key4>(maps_.allow, Address::ipv4, entries);
    list_trie<portscan_allow_key6>(maps_.allow6, Address::ipv6, entries);
    return entries;
}

bool Allowlist::covers(const Prefix &source) const {
    const auto key = make_key(source);
    portscan_allow_value value{};
    if (bpf_map_lookup_elem(source.address.is_ipv6() ? maps_.allow6 : maps_.allow, &key, &value) ==
        0)
        return true;
    throw_unless(ENOENT, "look up allowlist");
    return false;
}

std::vector<SourceRecord> Allowlist::lift_covered_blocks() {
    std::vector<SourceRecord> lifted;
    if (list().empty()) return lifted;
    std::vector<Prefix> covered;
    registry_->for_each(true, [&](const SourceRecord &record) {
        if (covers(record.source)) covered.push_back(record.source);
    });
    for (const auto &source : covered)
        if (const auto removed = registry_->remove(source)) lifted.push_back(*removed);
    return lifted;
}

} // namespace portscan
