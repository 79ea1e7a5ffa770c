// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/block_log.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// How the program is attached: by the driver, by the stack, or as well as it goes.
enum class AttachMode : std::uint8_t { automatic, native, skb };

/// `auto`, `native`, `skb`.
std::string_view to_string(AttachMode mode);

/// What stands for the interfaces of the default routes among `interfaces`.
inline constexpr std::string_view default_route_word = "default-route";

/// Options that are about the host, not about detection.
struct ServiceOptions {
    std::vector<std::string> interfaces{}; ///< names, or default_route_word
    AttachMode mode = AttachMode::automatic;
    std::string listen = "127.0.0.1:7979"; ///< ADDRESS:PORT of the metrics, or `off`
    std::string pin_dir = "/sys/fs/bpf/xdp-portscan";
    LogFormat log_format = LogFormat::text;
    bool no_auto_allow = false;
    bool keep = false;

    bool operator==(const ServiceOptions &) const = default;
};

/// One of them by its name on the command line and in TOML; the fields are those of OptionSpec.
struct ServiceOptionSpec {
    std::string_view name;
    std::string_view value_name; ///< empty for a switch, which takes `true` or `false`
    std::string_view help;
    /// Throws OptionError.
    void (*set)(ServiceOptions &options, std::string_view value);
    std::string (*get)(const ServiceOptions &options);
};

/// Every service option, in the order of the documentation. `interfaces` is an argument, not an
/// option, on the command line.
const std::vector<ServiceOptionSpec> &service_option_specs();
/// The option of that name, or nullptr.
const ServiceOptionSpec *find_service_option(std::string_view name);

} // namespace portscan
