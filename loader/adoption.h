// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/control.h"
#include "loader/detector.h"
#include "loader/migration.h"
#include "loader/pinned_detector.h"
#include "loader/pins.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace portscan {

/// The bounds on blocks are below the blocks that are present; what() says which and how many.
class BoundError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A detector on the state that is pinned: maps of the right shape are used as they are, the
/// records of others are moved over. In this order, so that no packet of a blocked source passes:
///
///     Adoption adoption{directory, options};   loads; what is attached is untouched
///     ... bpf_link_update on every link ...
///     adoption.complete();                     catches up and replaces the pins
class Adoption {
  public:
    /// Throws BoundError, before anything is changed, and std::system_error.
    Adoption(const PinDirectory &directory, const DetectorOptions &options,
             const DetectorSettings &settings = {});
    Adoption(const Adoption &) = delete;
    Adoption &operator=(const Adoption &) = delete;

    const Detector &detector() const { return *detector_; }
    Control &control() { return *control_; }

    /// Call it when every link runs detector(). Keeps blocks that the old detector made until then,
    /// pins the new one, runs an expiry pass.
    void complete();

    /// There was state to adopt.
    bool found_state() const { return found_state_; }
    /// Records were moved into maps of another shape.
    bool migrated() const { return !migrations_.empty(); }
    /// What became of the moved records.
    MigrationCounts counts() const;
    /// One line for each thing that an operator should know of; complete after complete().
    std::vector<std::string> notes() const;

  private:
    struct Move {
        portscan_family family;
        FamilyMigration migration;
    };

    void plan_migrations();
    bool keeps_family(portscan_family family) const;
    void check_bound(const Move &move) const;
    bool keeps_map(const std::string &name) const;
    void hand_in(bpf_object *object);
    void fill_new_maps();
    void correct_blocks();
    void copy_counters();

    const PinDirectory &directory_;
    DetectorOptions options_;
    std::optional<PinnedDetector> old_; ///< until complete()
    std::vector<std::string> lost_registries_{};
    bool found_state_;
    std::vector<Move> migrations_;
    std::vector<std::string> kept_maps_;
    std::optional<Detector> detector_;
    std::unique_ptr<Control> control_;
};

} // namespace portscan
