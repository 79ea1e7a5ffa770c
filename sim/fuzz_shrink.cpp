// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_shrink.h"

#include "sim/fuzz_trial.h"

namespace portscan {
namespace {

/// One pass after the other, as long as they make the trace shorter.
void shrink_all(FuzzTrial &trial) {
    drop_steps(trial);
    reset_options(trial);
    prolong(trial);
    std::size_t steps = 0;
    do {
        steps = trial.round().trace.size();
        drop_steps(trial);
        simplify_times(trial);
        simplify_frames(trial);
    } while (trial.round().trace.size() < steps && trial.goes_on());
    drop_steps(trial);
}

} // namespace

FuzzFinding shrink(const FuzzFinding &found, const FuzzSettings &settings) {
    for (const bool fresh : {false, true}) {
        FuzzTrial trial{settings, found, fresh};
        shrink_all(trial);
        FuzzTrial check{settings, trial.best(), true};
        if (check.take(trial.round())) return check.best();
    }
    return found;
}

} // namespace portscan
