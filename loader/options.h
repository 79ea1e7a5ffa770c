// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portscan {

/// Which packets of a blocked source are dropped.
enum class BlockScope : std::uint8_t { tcp, probes, all };

/// TCP ports `first` to `last`, both included.
struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;

    auto operator<=>(const PortRange &) const = default;
};

/// The detection options (docs/detection.md): configuration of one compiled object.
struct DetectorOptions {
    unsigned max_ports = 3;                                     ///< 1..16
    std::chrono::nanoseconds window = std::chrono::seconds{60}; ///< above 0
    std::optional<std::chrono::nanoseconds> block_for{};        ///< none: until unblocked
    BlockScope block_scope = BlockScope::tcp;
    std::vector<PortRange> ignore_ports{};
    std::vector<Prefix> allow{};
    unsigned ipv6_prefix = 64;                   ///< 32..128
    std::uint32_t max_sources = 1'000'000;       ///< 2 or more
    std::uint32_t max_sources6 = 250'000;        ///< 2 or more
    std::optional<std::uint32_t> max_blocked{};  ///< 1..max_sources/2, which is the default
    std::optional<std::uint32_t> max_blocked6{}; ///< 1..max_sources6/2, which is the default
    bool dry_run = false;
    std::chrono::nanoseconds expire_interval = std::chrono::seconds{10}; ///< of the expirer

    std::uint32_t blocked_limit() const { return max_blocked.value_or(max_sources / 2); }
    std::uint32_t blocked_limit6() const { return max_blocked6.value_or(max_sources6 / 2); }

    bool operator==(const DetectorOptions &) const = default;
};

/// An option's value that cannot be taken; what() is one line that names option, value and range.
class OptionError : public std::invalid_argument {
  public:
    using std::invalid_argument::invalid_argument;
};

/// One option by its name on the command line, in TOML and in JSON.
struct OptionSpec {
    std::string_view name;       ///< `max-ports`
    std::string_view value_name; ///< `N`; empty for a switch
    std::string_view help;       ///< one line
    /// Reads the value into the options. Lists are comma strings; a switch takes `true` or `false`.
    /// `allow-file` adds to `allow`, every other option replaces. Throws OptionError.
    void (*set)(DetectorOptions &options, std::string_view value);
    /// The value as text that `set` reads back; empty where it is unset or an empty list, and for
    /// `allow-file`, whose entries stand in `allow`.
    std::string (*get)(const DetectorOptions &options);
};

/// Every detection option, in the order of the documentation. The single source of the options of
/// all commands, of TOML files and of scenarios.
const std::vector<OptionSpec> &option_specs();
/// The option of that name, or nullptr.
const OptionSpec *find_option(std::string_view name);

/// Values of one source (a command line, `[detector]`, a `[[case]]`) by option name. Sources are
/// layered by applying them one after the other, the strongest last.
struct OptionOverrides {
    std::vector<std::pair<std::string, std::string>> values{};

    /// Sets the values in their order, `allow-file` after all others, since it adds to what `allow`
    /// replaces. Throws OptionError, also for an unknown name. Does not validate().
    void apply(DetectorOptions &options) const;
};

/// Checks every value and what single values cannot: bounds on blocks against sizes. Throws
/// OptionError.
void validate(const DetectorOptions &options);

/// A duration with its unit: `500ms`, `60s`, `10m`, `4h`, `1d`, also `us`, `ns` and fractions
/// (`1.5s`, as far as a digit stands for whole nanoseconds); nothing if malformed or beyond 292
/// years. A bare number is malformed.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// Text that parse_duration reads back to the nanosecond: the shortest whose number is at least 1
/// (`90s`, `1.5s`, `500ms`, `1h`); `0s` for zero.
std::string format_duration(std::chrono::nanoseconds duration);

std::string_view to_string(BlockScope scope);

} // namespace portscan
