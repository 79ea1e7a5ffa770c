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

static __always_inline bool reason_drops(__u32 reason)
{
	return reason >= PORTSCAN_BLOCKED && reason <= PORTSCAN_CONTENTION;
}

/* Counts the packet once by reason and once by verdict; returns the XDP action. */
static __always_inline int conclude(__u32 reason)
{
	count(reason);
	if (reason_drops(reason)) {
		if (!config.dry_run) {
			count(PORTSCAN_XDP_DROP);
			return XDP_DROP;
		}
		count(PORTSCAN_WOULD_DROP);
	} else if (reason == PORTSCAN_MALFORMED) {
		count(PORTSCAN_XDP_ABORTED);
		return XDP_PASS;
	} else if (reason == PORTSCAN_FAULT) {
		count(PORTSCAN_XDP_ABORTED);
		return XDP_ABORTED;
	}
	count(PORTSCAN_XDP_PASS);
	return XDP_PASS;
}

#endif
