/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting: pscan_stats, and from a reason to the verdict. */
#ifndef PORTSCAN_COUNTERS_BPF_H
#define PORTSCAN_COUNTERS_BPF_H

#include "maps.bpf.h"

/* A CPU writes only its own copy and XDP is not preempted by XDP: no atomics needed. */
static __always_inline void count(__u32 counter)
{
	__u64 *value = bpf_map_lookup_elem(&pscan_stats, &counter);

	if (value)
		*value += 1;
}

/*
 * The ends of a packet: each counts it once by reason and once by verdict and returns the XDP
 * action. These two are for constants: nothing is left to be compared then.
 */
static __always_inline int pass(__u32 reason)
{
	count(reason);
	count(PORTSCAN_XDP_PASS);
	return XDP_PASS;
}

static __always_inline int drop(__u32 reason)
{
	if (config.dry_run) {
		count(PORTSCAN_WOULD_DROP);
		return pass(reason);
	}
	count(reason);
	count(PORTSCAN_XDP_DROP);
	return XDP_DROP;
}

/* The end for any reason, out of the way of the common ones. */
__noinline int conclude(__u32 reason)
{
	if (reason >= PORTSCAN_BLOCKED && reason <= PORTSCAN_CONTENTION)
		return drop(reason);
	if (reason != PORTSCAN_MALFORMED && reason != PORTSCAN_FAULT)
		return pass(reason);
	count(reason);
	count(PORTSCAN_XDP_ABORTED);
	/* A malformed packet is left to the kernel, which discards and accounts for it. */
	return reason == PORTSCAN_MALFORMED ? XDP_PASS : XDP_ABORTED;
}

#endif
