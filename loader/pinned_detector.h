// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/detector.h"
#include "loader/file_descriptor.h"
#include "loader/options.h"
#include "loader/pins.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// Pins beside the maps, which carry their own names.
inline constexpr const char *pin_of_config = "pscan_config";
inline constexpr const char *pin_of_program = "xdp_port_scan_block";
inline constexpr const char *pin_of_expire = "pscan_expire";

/// A detector by its pins: what another process, or an earlier life of this one, left in the
/// kernel. Failures are std::system_error.
class PinnedDetector {
  public:
    /// Nothing if no map of the registry is pinned there.
    static std::optional<PinnedDetector> open(const PinDirectory &directory);

    /// -1 for a map that is not pinned.
    const DetectorMaps &maps() const { return maps_; }
    /// The options in force; nothing where they are of another layout or not pinned. `allow` and
    /// `expire_interval` are no part of them.
    const std::optional<DetectorOptions> &options() const { return options_; }
    /// -1 where it is not pinned.
    int program() const { return program_.get(); }
    int expire_program() const { return expire_.get(); }
    int config_map() const { return config_.get(); }

    /// Is what is pinned by a map's name a map of another kind, be it of another version or of
    /// somebody else?
    bool is_foreign(std::string_view map_name) const;
    /// Something of it is missing or of another layout: only a run or load can put it right.
    bool is_damaged() const;

  private:
    PinnedDetector() = default;

    std::vector<FileDescriptor> owned_;
    DetectorMaps maps_;
    FileDescriptor config_;
    FileDescriptor program_;
    FileDescriptor expire_;
    std::optional<DetectorOptions> options_;
    std::vector<std::string> foreign_maps_;
};

/// Pins a loaded detector, each object in one step in place of an older one of its name. Maps that
/// are pinned already keep their pins.
void pin_detector(const PinDirectory &directory, const Detector &detector);

/// Unpins all that pin_detector() pinned: the state is forgotten with the last user of the maps.
void unpin_detector(const PinDirectory &directory);

/// What a map is, as far as two of them can stand for each other.
struct MapShape {
    std::uint32_t type = 0;
    std::uint32_t key_size = 0;
    std::uint32_t value_size = 0;
    std::uint32_t max_entries = 0;
    std::uint32_t flags = 0;

    bool operator==(const MapShape &) const = default;
};
/// Throws std::system_error.
MapShape shape_of(int map_fd);
/// Number of the kernel's object behind a descriptor. Throws std::system_error.
std::uint32_t map_id(int map_fd);
std::uint32_t program_id(int program_fd);

} // namespace portscan
