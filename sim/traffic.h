// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/options.h"
#include "sim/frame_source.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// Traffic that cannot be synthesized; what() is one line that names the key and what it takes.
class TrafficError : public OptionError {
  public:
    using OptionError::OptionError;
};

/// Synthesized traffic: `[[traffic]]` of a scenario, or the command line of `synth`. What is left
/// out is the kind's default. Traffic is a series of sessions: a probe of a scan (with its decoys,
/// fragments or answers) or a connection of honest traffic.
struct TrafficSpec {
    std::string kind{};
    std::vector<Prefix> source{}; ///< one family, the same for source and target
    std::vector<Prefix> target{};
    std::vector<PortRange> ports{};          ///< in this order
    std::vector<PortRange> open_ports{};     ///< ports that answer a connect scan
    bool shuffle = false;                    ///< ports in random order
    std::optional<Address::Family> family{}; ///< of the default addresses
    std::optional<std::uint64_t> count{};    ///< sessions; a scan starts over after its last one
    std::optional<double> rate{};            ///< sessions a second, 1e-6..1e9
    std::chrono::nanoseconds start{0};       ///< of the first session
    /// No session starts this long after the first one, or later. Without a count, traffic that
    /// has no end of its own goes on until then.
    std::optional<std::chrono::nanoseconds> duration{};
    std::uint64_t seed = 1;            ///< the same seed gives the same bytes
    std::vector<std::uint16_t> vlan{}; ///< tags, outermost first
};

/// One key by its name in TOML and on the command line.
struct TrafficKey {
    std::string_view name;       ///< `open-ports`
    std::string_view value_name; ///< `PORTS`
    std::string_view help;       ///< one line
    /// Reads the value into the spec; lists are comma strings. Throws TrafficError.
    void (*set)(TrafficSpec &spec, std::string_view value);
    bool alias = false; ///< another name for a key that stands before it
};

/// Every key, in the order of the documentation.
const std::vector<TrafficKey> &traffic_keys();

/// A value of `kind`, with one line for people.
struct TrafficKindInfo {
    std::string_view name;
    std::string_view help;
};
std::vector<TrafficKindInfo> traffic_kinds();

/// Checks what single keys cannot: the kind is given, families agree. Throws TrafficError.
void validate(const TrafficSpec &spec);

/// The frames of the traffic in the order of their times, made as they are asked for: memory does
/// not grow with the count. Throws TrafficError where validate() does.
std::unique_ptr<FrameSource> open_traffic(const TrafficSpec &spec);
/// All of them, merged in time order, ties by order of the entries.
std::unique_ptr<FrameSource> open_traffic(const std::vector<TrafficSpec> &specs);

} // namespace portscan
