// SPDX-License-Identifier: GPL-2.0-or-later
/* A spin lock in each record: for every look at it, or for its changes only. */
#include <asm-generic/errno-base.h>

#include "sim/bench/registry/variants/fields.bpf.h"

enum { MAX_ATTEMPTS = 3 };

struct locked_record {
	struct fields_record record;
	struct bpf_spin_lock lock;
	__u32 padding;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1000000);
	__type(key, struct portscan_key4);
	__type(value, struct locked_record);
} registry SEC(".maps");

/* XDP_ABORTED: a look without the lock does not decide this. */
static __always_inline int judge_unlocked(struct fields_record *record, struct probe *probe)
{
	if (*(volatile __u8 *)&record->blocked)
		return XDP_DROP;
	take_time(probe);
	if (!has_port(record, probe->port))
		return XDP_ABORTED;
	refresh(&record->packet_timestamp, probe->now);
	return XDP_PASS;
}

static __always_inline int judge_locked(struct locked_record *locked, struct probe *probe)
{
	int verdict;

	if (settings.lock_always) {
		take_time(probe); /* no call is allowed under the lock */
	} else {
		verdict = judge_unlocked(&locked->record, probe);
		if (verdict != XDP_ABORTED)
			return verdict;
	}
	bpf_spin_lock(&locked->lock);
	verdict = judge_fields(&locked->record, probe);
	bpf_spin_unlock(&locked->lock);
	return verdict;
}

SEC("xdp")
int judge(struct xdp_md *ctx)
{
	struct probe probe;

	if (!read_probe(ctx, &probe))
		return XDP_PASS;
#pragma unroll
	for (int i = 0; i < MAX_ATTEMPTS; i++) {
		struct locked_record *locked = bpf_map_lookup_elem(&registry, &probe.source);
		struct locked_record fresh = { .record = { .port1 = probe.port, .count = 1 } };
		long error;

		if (locked)
			return judge_locked(locked, &probe);
		take_time(&probe);
		fresh.record.packet_timestamp = probe.now;
		error = bpf_map_update_elem(&registry, &probe.source, &fresh, BPF_NOEXIST);
		if (error != -EEXIST)
			return error ? XDP_DROP : XDP_PASS;
	}
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
