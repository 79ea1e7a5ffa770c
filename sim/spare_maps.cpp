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
#include <unistd.h>

namespace portscan {
namespace {

bool is_worth_keeping(const MapShape &shape) {
    return shape.max_entries >= 10'000; // a smaller one is made in less than a millisecond
}

/// Of all that are kept: those of a detector of the default size with more than three ports, which
/// are some 250 MB of the kernel's memory.
constexpr std::uint64_t most_entries = 2'600'000;

class SpareMaps {
  public:
    /// Nothing where none is alike: then others go, so that what is kept does not grow beyond the
    /// bound with the one that is going to be made.
    std::optional<FileDescriptor> take_or_make_room(const MapShape &shape) {
        const std::lock_guard lock{mutex_};
        forget_those_of_the_parent();
        const auto alike = [&](const Spare &spare) { return spare.first == shape; };
        // The last one that came back is the one that caches know best.
        const auto found = std::find_if(spares_.rbegin(), spares_.rend(), alike);
        if (found == spares_.rend()) {
            drop_oldest(shape.max_entries);
            return std::nullopt;
        }
        FileDescriptor map = std::move(found->second);
        spares_.erase(std::next(found).base());
        return map;
    }

    void keep(MapShape shape, FileDescriptor map) {
        const std::lock_guard lock{mutex_};
        forget_those_of_the_parent();
        spares_.emplace_back(std::move(shape), std::move(map));
        drop_oldest(0);
    }

  private:
    using Spare = std::pair<MapShape, FileDescriptor>;

    void drop_oldest(std::uint64_t further_entries) {
        while (!spares_.empty() && entries() + further_entries > most_entries) spares_.pop_front();
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
    pid_t process_ = getpid();
};

SpareMaps &spare_maps() {
    static SpareMaps maps;
    return maps;
}

} // namespace

LentMaps::~LentMaps() {
    for (auto &[shape, map] : maps_)
        if (is_worth_keeping(shape)) spare_maps().keep(std::move(shape), std::move(map));
}

int LentMaps::get(const MapShape &shape, const std::function<FileDescriptor()> &create) {
    SpareMaps &spares = spare_maps(); // there before, and so after, whoever has maps of it
    std::optional<FileDescriptor> map;
    if (is_worth_keeping(shape)) map = spares.take_or_make_room(shape);
    if (map)
        empty_hash_map(map->get());
    else
        map = create();
    return maps_.emplace_back(shape, std::move(*map)).second.get();
}

} // namespace portscan
