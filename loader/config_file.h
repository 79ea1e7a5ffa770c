// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "loader/service_options.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portscan {

/// Read without --config, where it exists.
inline constexpr const char *default_config_path = "/etc/xdp-portscan.toml";

/// What one source (a file, the command line) sets, by option name. Sources are layered by applying
/// them one after the other, the strongest last.
struct Settings {
    OptionOverrides detection{};
    std::vector<std::pair<std::string, std::string>> service{};

    /// Remembers a value of either kind of option and reads it once, so that a bad one is refused
    /// here. Throws OptionError, also for a name that neither knows.
    void add(std::string_view name, std::string_view value);
    /// Throws OptionError. Does not validate().
    void apply(DetectorOptions &detector, ServiceOptions &host) const;
};

/// Reads the options of a TOML file: every name of option_specs() and service_option_specs() at the
/// top level. Numbers and switches stand bare or in quotes, lists are arrays or comma strings, all
/// else is in quotes. A path of `allow-file` is relative to the file. Throws OptionError,
/// `FILE:LINE: what is wrong`, for the first thing that is wrong: the file, its syntax, an unknown
/// key (with the one that was meant), a value that the command line would not take either.
Settings parse_config(std::string_view text, const std::string &path);
/// The same for the file itself.
Settings read_config_file(const std::string &path);
/// The same; nothing if there is no such file.
std::optional<Settings> read_config_file_if_any(const std::string &path);

} // namespace portscan
