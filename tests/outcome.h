// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/registry.h"
#include "loader/verdict.h"

#include <ostream>

// What became of a packet, as tests compare and print it.
namespace portscan {

inline void PrintTo(Verdict verdict, std::ostream *out) {
    *out << to_string(verdict);
}
inline void PrintTo(Reason reason, std::ostream *out) {
    *out << to_string(reason);
}
inline void PrintTo(BlockOutcome outcome, std::ostream *out) {
    static constexpr const char *words[] = {"blocked", "already_blocked", "allowlisted",
                                            "bound_reached"};
    *out << words[static_cast<unsigned>(outcome)];
}

namespace test {

struct Outcome {
    Verdict verdict;
    Reason reason;

    bool operator==(const Outcome &) const = default;
};

inline void PrintTo(const Outcome &outcome, std::ostream *out) {
    *out << to_string(outcome.verdict) << ' ' << to_string(outcome.reason);
}

// Outside of a dry run each reason has one verdict.
inline constexpr Outcome malformed{Verdict::pass, Reason::malformed};
inline constexpr Outcome not_ip{Verdict::pass, Reason::not_ip};
inline constexpr Outcome not_tcp{Verdict::pass, Reason::not_tcp};
inline constexpr Outcome not_probe{Verdict::pass, Reason::not_probe};
inline constexpr Outcome ignored{Verdict::pass, Reason::ignored};
inline constexpr Outcome known{Verdict::pass, Reason::known};
inline constexpr Outcome allowlisted{Verdict::pass, Reason::allowlisted};
inline constexpr Outcome recorded{Verdict::pass, Reason::recorded};
inline constexpr Outcome blocked{Verdict::drop, Reason::blocked};
inline constexpr Outcome threshold{Verdict::drop, Reason::threshold};
inline constexpr Outcome block_refused{Verdict::drop, Reason::block_refused};
inline constexpr Outcome insert_failed{Verdict::drop, Reason::insert_failed};
inline constexpr Outcome contention{Verdict::drop, Reason::contention};

} // namespace test
} // namespace portscan
