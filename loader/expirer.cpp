// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/expirer.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <system_error>

namespace portscan {
namespace {

void run_pass(int program, std::uint64_t now_ns) {
    portscan_expire_args args{.now = now_ns};
    LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &args, .ctx_size_in = sizeof(args));
    if (const int error = bpf_prog_test_run_opts(program, &options); error != 0)
        throw std::system_error(-error, std::generic_category(), "run expiry pass");
    if (options.retval != 0)
        throw std::system_error(EIO, std::generic_category(), "expiry pass found no state");
}

} // namespace

Expirer::Expirer(int program, MappedState &state, CounterMap &counters, Allowlist &allowlist) :
    program_{program},
    state_{&state},
    counters_{&counters},
    allowlist_{&allowlist} {}

ExpiryReport Expirer::pass(std::uint64_t now_ns) {
    const Before before{
        counters_->read()[PORTSCAN_BLOCKS],
        {state_->hand_changes_ended(PORTSCAN_IPV4), state_->hand_changes_ended(PORTSCAN_IPV6)}};
    run_pass(program_, now_ns);
    ExpiryReport report;
    for (const auto family : {PORTSCAN_IPV4, PORTSCAN_IPV6}) {
        const portscan_expiry &pass = state_->expiry(family);
        report.sources_freed += pass.sources_freed;
        report.blocks_freed += pass.blocks_freed;
        report.sources_left += pass.sources_left;
        report.blocks_left += pass.blocks_left;
        report.next_due_ns = std::min<std::uint64_t>(report.next_due_ns, pass.next_due);
        correct_blocked(family, before);
    }
    if (state_->take_allow_changed()) {
        report.blocks_lifted = allowlist_->lift_covered_blocks().size();
        report.sources_left -= std::min(report.sources_left, report.blocks_lifted);
        report.blocks_left -= std::min(report.blocks_left, report.blocks_lifted);
    }
    counters_->set_registry_size(report.sources_left);
    return report;
}

/// bpftool deletes blocks behind the program's back, which leaves the count too high. It is lowered
/// to no less than the blocks seen, plus those made since the pass began, plus one for each change
/// by hand that the pass overlaps with, so that the bound holds meanwhile; and raised only where
/// nothing moved.
void Expirer::correct_blocked(portscan_family family, const Before &before) {
    const unsigned counted = state_->blocked(family);
    const unsigned by_hand = state_->hand_changes_begun(family) - before.hand_changes[family];
    const std::uint64_t moved = counters_->read()[PORTSCAN_BLOCKS] - before.blocks + by_hand;
    const std::uint64_t left = state_->expiry(family).blocks_left;
    if (counted > left + moved)
        state_->give_blocks(family, static_cast<unsigned>(counted - left - moved));
    else if (moved == 0 && counted < left)
        state_->add_blocks(family, static_cast<unsigned>(left - counted));
}

} // namespace portscan
