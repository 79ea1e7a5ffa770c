// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/lost_outputs.h"

#include <fmt/format.h>

namespace portscan {

void LostOutputs::flush(std::ostream &printed) {
    if (!printed.flush())
        reasons_.emplace_back("the report could not be written whole: is the disk full?");
}

void LostOutputs::tell() const {
    if (!reasons_.empty()) throw std::runtime_error(fmt::format("{}", fmt::join(reasons_, "; ")));
}

} // namespace portscan
