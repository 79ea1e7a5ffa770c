// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/verdict.h"

#include <algorithm>
#include <array>

namespace portscan {
namespace {

constexpr std::array<std::string_view, 5> verdict_names{"aborted", "drop", "pass", "tx",
                                                        "redirect"};
constexpr std::array<std::string_view, reason_count> reason_names{
    "malformed",     "not_ip",        "not_tcp",    "not_probe", "ignored",
    "known",         "allowlisted",   "recorded",   "blocked",   "threshold",
    "block_refused", "insert_failed", "contention", "fault"};

template <typename Enum, std::size_t size>
std::optional<Enum> find_name(const std::array<std::string_view, size> &names,
                              std::string_view text) {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

} // namespace

std::string_view to_string(Verdict verdict) {
    return verdict_names.at(static_cast<std::size_t>(verdict));
}

std::string_view to_string(Reason reason) {
    return reason_names.at(static_cast<std::size_t>(reason));
}

/// Malformed packets are passed, whatever counter they share.
Verdict verdict_of(Reason reason, bool dry_run) {
    if (reason == Reason::fault) return Verdict::aborted;
    const bool drops = reason >= Reason::blocked && reason <= Reason::contention;
    return drops && !dry_run ? Verdict::drop : Verdict::pass;
}

std::optional<Verdict> parse_verdict(std::string_view text) {
    return find_name<Verdict>(verdict_names, text);
}

std::optional<Reason> parse_reason(std::string_view text) {
    return find_name<Reason>(reason_names, text);
}

} // namespace portscan
