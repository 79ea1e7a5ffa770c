// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/pinned_state.h"

#include <fmt/format.h>
#include <utility>

namespace portscan {

PinnedState::PinnedState(PinDirectory its_directory, PinnedDetector its_detector) :
    directory{std::move(its_directory)},
    detector{std::move(its_detector)},
    control{detector.maps(), detector.expire_program(), *detector.options()} {}

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
    return std::make_unique<PinnedState>(std::move(*directory), std::move(*detector));
}

} // namespace portscan
