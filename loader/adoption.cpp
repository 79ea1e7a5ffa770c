// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/adoption.h"

#include "loader/possible_cpus.h"
#include "loader/program_clock.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <fmt/format.h>
#include <system_error>

namespace portscan {
namespace {

constexpr std::array families{PORTSCAN_IPV4, PORTSCAN_IPV6};

/// Which family's records a map belongs to, and moves with; nothing for those of both.
std::optional<portscan_family> family_of_map(std::string_view name) {
    for (const char *own : {"pscan_ip_reg", "pscan_ports", "pscan_queue"})
        if (name == own) return PORTSCAN_IPV4;
    for (const char *own : {"pscan_ip6_reg", "pscan_ports6", "pscan_queue6", "pscan_allow6_in"})
        if (name == own) return PORTSCAN_IPV6;
    return std::nullopt;
}

std::uint32_t blocked_limit(const DetectorOptions &options, portscan_family family) {
    return family == PORTSCAN_IPV6 ? options.blocked_limit6() : options.blocked_limit();
}

std::uint32_t sources_limit(const DetectorOptions &options, portscan_family family) {
    return family == PORTSCAN_IPV6 ? options.max_sources6 : options.max_sources;
}

MapShape shape_of(const bpf_map *map) {
    return {.type = bpf_map__type(map),
            .key_size = bpf_map__key_size(map),
            .value_size = bpf_map__value_size(map),
            .max_entries = bpf_map__max_entries(map),
            .flags = bpf_map__map_flags(map)};
}

[[noreturn]] void refuse_layout(const PinDirectory &directory) {
    throw std::system_error(
        EPROTO, std::generic_category(),
        fmt::format("state in {} is of another version's layout; forget it with `xdp-portscan "
                    "unload --all --purge`, or run the version that made it",
                    directory.path()));
}

} // namespace

Adoption::Adoption(const PinDirectory &directory, const DetectorOptions &options,
                   const DetectorSettings &settings) :
    directory_{directory},
    options_{options},
    old_{PinnedDetector::open(directory)},
    found_state_{old_.has_value()} {
    if (old_) plan_migrations();
    DetectorSettings own = settings;
    own.prepare = [this](bpf_object *object) { hand_in(object); };
    detector_ = Detector::load(options_, own);
    control_ = std::make_unique<Control>(detector_->maps(), detector_->expire_program(), options_);
    if (old_) fill_new_maps();
}

bool Adoption::keeps_family(portscan_family family) const {
    if (!old_->options()) return false;
    const DetectorOptions &before = *old_->options();
    // Blocks of a dry run must not take force, not even until they are found and dropped.
    if (before.dry_run && !options_.dry_run) return false;
    if (family == PORTSCAN_IPV6 && before.ipv6_prefix != options_.ipv6_prefix) return false;
    const bool more_before = before.max_ports > PORTSCAN_RECORD_PORTS;
    const bool more_now = options_.max_ports > PORTSCAN_RECORD_PORTS;
    const auto names = detector_map_names();
    const bool complete = std::all_of(names.begin(), names.end(), [&](const auto &map) {
        return family_of_map(map.name).value_or(family) != family || old_->maps().*map.fd >= 0;
    });
    return complete && more_before == more_now &&
           blocked_limit(before, family) == blocked_limit(options_, family) &&
           sources_limit(before, family) == sources_limit(options_, family);
}

void Adoption::plan_migrations() {
    if (!old_->options() && old_->config_map() >= 0) refuse_layout(directory_);
    if (old_->maps().ip_reg < 0) lost_registries_.emplace_back("pscan_ip_reg");
    if (old_->maps().ip6_reg < 0) lost_registries_.emplace_back("pscan_ip6_reg");
    for (const auto &map : detector_map_names())
        if (family_of_map(map.name) && old_->is_foreign(map.name)) refuse_layout(directory_);
    const std::uint64_t now = program_clock_ns();
    for (const auto family : families) {
        if (keeps_family(family)) continue;
        const bool other_keys = family == PORTSCAN_IPV6 && old_->options() &&
                                old_->options()->ipv6_prefix != options_.ipv6_prefix;
        migrations_.push_back(
            {family,
             FamilyMigration{family,
                             family_maps(old_->maps(), family),
                             {.options = options_, .now_ns = now, .forget_all = other_keys}}});
        check_bound(migrations_.back());
    }
}

void Adoption::check_bound(const Move &move) const {
    const std::uint32_t bound = blocked_limit(options_, move.family);
    if (move.migration.blocks() <= bound) return;
    const char *digit = move.family == PORTSCAN_IPV6 ? "6" : "";
    throw BoundError(fmt::format("{} {} sources are blocked, more than max-blocked{} = {}: raise "
                                 "it, or unblock some first (xdp-portscan list --blocked)",
                                 move.migration.blocks(),
                                 move.family == PORTSCAN_IPV6 ? "IPv6" : "IPv4", digit, bound));
}

bool Adoption::keeps_map(const std::string &name) const {
    const auto family = family_of_map(name);
    return !family || std::none_of(migrations_.begin(), migrations_.end(),
                                   [&](const auto &move) { return move.family == *family; });
}

void Adoption::hand_in(bpf_object *object) {
    if (!old_) return;
    for (const auto &[name, member] : detector_map_names()) {
        bpf_map *const map = bpf_object__find_map_by_name(object, name);
        const int fd = old_->maps().*member;
        if (fd < 0 || !keeps_map(name) || portscan::shape_of(fd) != shape_of(map)) continue;
        if (const int error = bpf_map__reuse_fd(map, fd); error != 0)
            throw std::system_error(-error, std::generic_category(),
                                    fmt::format("use pinned map {}", name));
        kept_maps_.emplace_back(name);
    }
}

void Adoption::fill_new_maps() {
    const auto kept = [this](const char *name) {
        return std::find(kept_maps_.begin(), kept_maps_.end(), name) != kept_maps_.end();
    };
    for (auto &move : migrations_)
        move.migration.write(family_maps(detector_->maps(), move.family), control_->state);
    if (!kept("pscan_allow6_in")) control_->allowlist.rebuild_index();
    if (!kept("pscan_stats") && old_->maps().stats >= 0 && !old_->is_foreign("pscan_stats"))
        copy_counters();
    correct_blocks();
}

/// The program bounds blocks by this count: it must not be too high, which would refuse some, nor
/// too low. The old detector counts in it too until it is replaced; complete() sets it right.
void Adoption::correct_blocks() {
    for (const auto &move : migrations_) {
        const auto counted = control_->state.blocked(move.family);
        const auto kept = static_cast<unsigned>(move.migration.counts().blocks_kept);
        if (counted > kept)
            control_->state.give_blocks(move.family, counted - kept);
        else
            control_->state.add_blocks(move.family, kept - counted);
    }
}

/// Counters go on where a new version has more of them.
void Adoption::copy_counters() {
    const int from = old_->maps().stats;
    const __u32 count =
        std::min<__u32>(portscan::shape_of(from).max_entries, __u32{PORTSCAN_COUNTERS});
    std::vector<__u64> values(possible_cpus());
    for (__u32 key = 0; key < count; ++key)
        if (bpf_map_lookup_elem(from, &key, values.data()) == 0)
            bpf_map_update_elem(detector_->maps().stats, &key, values.data(), BPF_ANY);
}

void Adoption::complete() {
    for (auto &move : migrations_)
        move.migration.catch_up(family_maps(detector_->maps(), move.family));
    pin_detector(directory_, *detector_);
    old_.reset(); // frees its maps
    control_->allowlist.lift_covered_blocks();
    control_->expirer.pass(program_clock_ns());
}

MigrationCounts Adoption::counts() const {
    MigrationCounts sum;
    for (const auto &move : migrations_) sum += move.migration.counts();
    return sum;
}

std::vector<std::string> Adoption::notes() const {
    std::vector<std::string> notes;
    if (!found_state_) return notes;
    for (const auto &map : lost_registries_)
        notes.push_back(
            fmt::format("{} was not pinned any more: its blocks and sources are lost", map));
    const MigrationCounts moved = counts();
    if (migrated())
        notes.push_back(fmt::format("adopted state moved to new maps: {} blocks and "
                                    "{} sources kept, {} sources lost",
                                    moved.blocks_kept, moved.sources_kept, moved.sources_lost));
    if (moved.dry_run_blocks != 0)
        notes.push_back(
            fmt::format("dropped {} blocks that were decided in a dry run", moved.dry_run_blocks));
    if (moved.blocks_forgotten + moved.sources_forgotten != 0)
        notes.push_back(
            fmt::format("ipv6-prefix changed: forgot {} IPv6 blocks and {} IPv6 sources",
                        moved.blocks_forgotten, moved.sources_forgotten));
    return notes;
}

} // namespace portscan
