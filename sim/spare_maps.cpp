// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/spare_maps.h"

#include "sim/used_maps.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <mutex>
#include <numeric>
#include <optional>
#include <system_error>
#include <unistd.h>

namespace portscan {
namespace {

/// Of all that are kept: those of a detector of the default size with more than three ports, which
/// are some 290 MB of the kernel's memory.
constexpr std::uint64_t most_entries = 2'600'000;

/// Smaller ones, and those that grow by and by, are made quickly.
bool is_worth_keeping(const SpareKind &kind) {
    return LentMaps::is_large(kind) && kind.max_entries <= most_entries;
}

class SpareMaps {
  public:
    /// Nothing where none is alike. Then the caller makes one, and the oldest go until it would
    /// have room here, too.
    std::optional<FileDescriptor> take_or_make_room(const SpareKind &kind) {
        const std::lock_guard lock{mutex_};
        forget_those_of_the_parent();
        const auto alike = [&](const Spare &spare) { return spare.first == kind; };
        // The last one that came back is the one that caches know best.
        const auto found = std::find_if(spares_.rbegin(), spares_.rend(), alike);
        if (found == spares_.rend()) {
            drop_oldest(kind.max_entries);
            return std::nullopt;
        }
        FileDescriptor map = std::move(found->second);
        spares_.erase(std::next(found).base());
        return map;
    }

    void drop_all() {
        const std::lock_guard lock{mutex_};
        if (!std::exchange(spares_, {}).empty()) ++drops_;
    }
    /// How often memory was given back.
    std::uint64_t drops() {
        const std::lock_guard lock{mutex_};
        return drops_;
    }

    void keep(SpareKind kind, FileDescriptor map) {
        const std::lock_guard lock{mutex_};
        forget_those_of_the_parent();
        spares_.emplace_back(std::move(kind), std::move(map));
        drop_oldest(0);
    }

  private:
    using Spare = std::pair<SpareKind, FileDescriptor>;

    void drop_oldest(std::uint64_t further_entries) {
        for (; !spares_.empty() && entries() + further_entries > most_entries; ++drops_)
            spares_.pop_front();
    }

    /// After fork() both would take the same one.
    void forget_those_of_the_parent() {
        const pid_t process = getpid();
        if (process != process_) spares_.clear();
        process_ = process;
    }
    std::uint64_t entries() const {
        return std::accumulate(
            spares_.begin(), spares_.end(), std::uint64_t{0},
            [](std::uint64_t sum, const Spare &spare) { return sum + spare.first.max_entries; });
    }

    std::mutex mutex_;
    std::deque<Spare> spares_; ///< the oldest first
    std::uint64_t drops_ = 0;
    pid_t process_ = getpid();
};

SpareMaps &spare_maps() {
    static SpareMaps maps;
    return maps;
}

/// Where there is no memory, that of the spares is, whichever thread drops them.
FileDescriptor create_in_place_of_spares(const std::function<FileDescriptor()> &create) {
    const std::uint64_t drops = spare_maps().drops();
    try {
        return create();
    } catch (const std::system_error &error) {
        if (error.code() != std::errc::not_enough_memory) throw;
        spare_maps().drop_all();
        if (spare_maps().drops() == drops) throw;
    }
    return create();
}

} // namespace

LentMaps::LentMaps() : process_{getpid()} {}

bool LentMaps::is_large(const SpareKind &kind) {
    return kind.max_entries >= 50'000 && (kind.flags & BPF_F_NO_PREALLOC) == 0;
}

LentMaps::~LentMaps() {
    if (getpid() != process_) return; // a child's copies: the maps are the parent's
    for (auto &[kind, map] : maps_)
        if (is_worth_keeping(kind)) spare_maps().keep(std::move(kind), std::move(map));
}

int LentMaps::get(const SpareKind &kind, const std::function<FileDescriptor()> &create) {
    SpareMaps &spares = spare_maps(); // there before, and so after, whoever has maps of it
    std::optional<FileDescriptor> map;
    if (is_worth_keeping(kind)) map = spares.take_or_make_room(kind);
    if (map)
        empty_hash_map(map->get());
    else
        map = create_in_place_of_spares(create);
    const std::lock_guard lock{mutex_};
    return maps_.emplace_back(kind, std::move(*map)).second.get();
}

} // namespace portscan
