// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/pinned_state.h"

#include <fmt/format.h>
#include <utility>

namespace portscan {

std::unique_ptr<PinnedState> PinnedState::open(const std::string &pin_dir) {
    auto directory = PinDirectory::open(pin_dir);
    auto detector = directory ? PinnedDetector::open(*directory) : std::nullopt;
    if (!detector)
        throw StateError(fmt::format("nothing is loaded: no state in {} (start it with "
                                     "`xdp-portscan run`, or give --pin-dir)",
                                     pin_dir));
    if (detector->is_damaged())
        throw StateError(
            fmt::format("state in {} is incomplete or of another version: `xdp-portscan "
                        "run` or `load` of the installed version puts it right",
                        pin_dir));
    const DetectorMaps maps = detector->maps();
    const int expire = detector->expire_program();
    const DetectorOptions options = *detector->options();
    return std::unique_ptr<PinnedState>{new PinnedState{std::move(*directory), std::move(*detector),
                                                        Control{maps, expire, options}}};
}

} // namespace portscan
