// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace portscan {

/// What an XDP program returns; the values are those of enum xdp_action (linux/bpf.h).
enum class Verdict : std::uint8_t { aborted = 0, drop = 1, pass = 2, tx = 3, redirect = 4 };

/// Why: the same words in counters, logs, scenarios and tests. The order is that of the reason
/// counters in bpf/portscan.h.
enum class Reason : std::uint8_t {
    malformed,
    not_ip,
    not_tcp,
    not_probe,
    ignored,
    known,
    allowlisted,
    recorded,
    blocked,
    threshold,
    block_refused,
    insert_failed,
    contention,
    fault,
};
inline constexpr std::size_t reason_count = 14;

/// `aborted`, `drop`, `pass`, `tx`, `redirect`.
std::string_view to_string(Verdict verdict);
std::string_view to_string(Reason reason);
/// What the program does with a packet for that reason: conclude() of bpf/counters.bpf.h.
Verdict verdict_of(Reason reason, bool dry_run);
std::optional<Verdict> parse_verdict(std::string_view text);
std::optional<Reason> parse_reason(std::string_view text);

} // namespace portscan
