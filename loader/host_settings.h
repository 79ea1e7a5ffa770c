// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/config_file.h"
#include "loader/options.h"
#include "loader/pins.h"
#include "loader/service_options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// What `run` and `load` are given: the command line over NET_IF_NAME over the configuration file.
struct HostArguments {
    Settings given;          ///< by the command line
    std::string config_path; ///< empty: default_config_path, if it is there
};

/// Adds the interfaces, --config, the detection options and the named service options. `arguments`
/// must outlive the parsing.
void add_host_options(CLI::App &app, HostArguments &arguments,
                      std::initializer_list<std::string_view> service_options);

struct HostSettings {
    DetectorOptions detector;
    ServiceOptions service;
};

/// Reads the configuration file anew. Throws OptionError.
HostSettings read_settings(const HostArguments &arguments);

/// The lock-out guard's addresses, each told to `say`; none with --no-auto-allow. Nothing where
/// they cannot be found out, which is told too.
std::optional<std::vector<Prefix>>
find_auto_allow(const ServiceOptions &service, const std::function<void(std::string_view)> &say);

/// The directory of the pins. Throws AttachError, before anything is mounted or made, where there
/// is none yet and an interface that is to be attached to is not there, and what
/// PinDirectory::create() throws.
PinDirectory open_pin_directory(const ServiceOptions &service);

/// Throws std::system_error (EPERM) that names the capabilities which this process lacks.
void require_capabilities();

} // namespace portscan
