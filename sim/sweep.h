// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portscan {

/// The options of which a sweep tries several values: all but lists and switches.
bool can_be_swept(const OptionSpec &option);

/// `2..8`, `10s,1m,5m`, `default,10m`: the values of an option one by one; `default` leaves the
/// option as it is. Throws OptionError, also for a value that the option does not take.
std::vector<std::string> parse_sweep_values(const OptionSpec &option, std::string_view text);

/// What is asked for.
struct SweepRequest {
    OptionOverrides fixed{}; ///< of every setting: lists
    /// Values of options, in the order given; of one given twice the last counts.
    std::vector<std::pair<std::string, std::vector<std::string>>> swept{};
    std::vector<std::string> also{}; ///< option sets (sim/option_set.h), each one more setting
};

/// One setting that is tried.
struct SweepSetting {
    DetectorOptions options;
    /// The options that are not at their default or that the sweep is about,
    /// `max-ports=5,window=1m` one by one; `default` for one that is unset.
    std::vector<std::pair<std::string, std::string>> named{};

    /// `max-ports=5,window=1m`, as `compare --b` takes it.
    std::string name() const;
    /// `--max-ports 5 --window 1m`, for every command; what is unset is left out.
    std::string flags() const;
};

/// Most settings of a sweep.
inline constexpr std::size_t most_settings = 1'000;

/// Every combination of the values, none twice, then those of `also`. Of max-ports and window
/// several values are tried where none are given. Throws OptionError.
std::vector<SweepSetting> settings_of(const SweepRequest &request);

} // namespace portscan
