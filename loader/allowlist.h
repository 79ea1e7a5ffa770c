// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/detector.h"
#include "loader/mapped_state.h"
#include "loader/options.h"
#include "loader/registry.h"

#include <cstdint>
#include <vector>

namespace portscan {

/// Who put an entry on the allowlist; an entry can have several.
enum class AllowOrigin : std::uint8_t { automatic = 1, config = 2, manual = 4 };

struct AllowEntry {
    Prefix prefix;
    std::uint32_t origins = 0;  ///< AllowOrigin, or-ed
    std::uint64_t until_ns = 0; ///< how long `manual` stays, CLOCK_MONOTONIC; 0: for good
};

/// The allowlist of one detector. Wins over blocks: an added entry lifts those that it covers.
/// Functions throw std::system_error where the kernel refuses.
class Allowlist {
  public:
    Allowlist(const DetectorMaps &maps, MappedState &state, Registry &registry);

    /// Adds the prefix, or the origin to it, and lifts the blocks that it covers: those are
    /// returned.
    std::vector<SourceRecord> add(const Prefix &prefix, AllowOrigin origin,
                                  std::uint64_t until_ns = 0);
    /// Makes `prefixes` all that has this origin: adds the origin to them and takes it from all
    /// others, which leave the list unless they have another. Lifts the blocks that the list now
    /// covers: those are returned.
    std::vector<SourceRecord> replace(AllowOrigin origin, const std::vector<Prefix> &prefixes);
    /// Takes off what was there by hand until a time that is over. Returns what left the list.
    std::vector<Prefix> expire(std::uint64_t now_ns);
    /// Fills an empty index of source prefixes with longer entries (pscan_allow6_in).
    void rebuild_index();
    /// Takes the prefix off, whatever its origins. False if it was not there.
    bool remove(const Prefix &prefix);
    std::vector<AllowEntry> list() const;
    /// Is the whole source covered, by this or a shorter prefix?
    bool covers(const Prefix &source) const;
    /// Lifts the blocks that any entry covers: after adoption of state, or when an entry and a
    /// block came at the same moment.
    std::vector<SourceRecord> lift_covered_blocks();

  private:
    void put(const AllowEntry &entry);
    void count_inside(const Prefix &prefix, int change);
    void count_prefixes_inside();

    DetectorMaps maps_;
    MappedState *state_;
    Registry *registry_;
};

} // namespace portscan
