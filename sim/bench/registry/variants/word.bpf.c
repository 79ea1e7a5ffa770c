// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The manner of bpf/registry.bpf.h, and no more than that: ports, count, block and tag in one word
 * changed by compare-and-swap; a ring of keys, where there are queue_slots, says who gives way.
 */
#include <asm-generic/errno-base.h>

#include "sim/bench/registry/variants/probe.bpf.h"

enum { MAX_ATTEMPTS = 6, DEAD = 31, BLOCKED_SHIFT = 48, COUNT_SHIFT = 56, TAG_SHIFT = 61 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1000000);
	__type(key, struct portscan_key4);
	__type(value, struct portscan_record);
} registry SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct portscan_key4);
} queue SEC(".maps");

__u64 queue_head;

static __always_inline __u32 used_ports(__u64 word)
{
	return word >> COUNT_SHIFT & 31;
}

static __always_inline bool swap(struct portscan_record *record, __u64 from, __u64 to)
{
	return __sync_val_compare_and_swap((__u64 *)record, from, to) == from;
}

static __always_inline bool word_has_port(__u64 word, __u16 port)
{
	__u32 used = used_ports(word);

	if (used == DEAD)
		return false;
	return (used > 0 && (__u16)word == port) || (used > 1 && (__u16)(word >> 16) == port) ||
	       (used > 2 && (__u16)(word >> 32) == port);
}

static __always_inline void evict(const struct portscan_key4 *key, __u32 place)
{
	struct portscan_record *record;
	__u64 word;

	if (settings.displace) {
		bpf_map_delete_elem(&registry, key);
		return;
	}
	record = bpf_map_lookup_elem(&registry, key);
	if (!record || record->queue_place != place)
		return;
	word = *(volatile __u64 *)record;
	if (word >> BLOCKED_SHIFT & 1 || used_ports(word) == DEAD)
		return;
	if (swap(record, word, (__u64)DEAD << COUNT_SHIFT))
		bpf_map_delete_elem(&registry, key);
}

static __always_inline void enqueue(const struct portscan_key4 *key, __u64 place)
{
	__u32 slots = settings.queue_slots;
	__u32 slot = slots ? place % slots : 0;
	struct portscan_key4 *entry, old;

	if (!slots)
		return;
	entry = bpf_map_lookup_elem(&queue, &slot);
	if (!entry)
		return;
	old = *entry;
	*entry = *key;
	evict(&old, place - slots);
}

/* The verdict, or XDP_ABORTED: another CPU was faster. */
static __always_inline int insert(struct probe *probe)
{
	__u64 place = settings.queue_slots ? __sync_fetch_and_add(&queue_head, 1) : 0;
	struct portscan_record fresh = { .queue_place = place };
	long error;

	take_time(probe);
	fresh.packet_timestamp = probe->now;
	*(__u64 *)&fresh = probe->port | 1ULL << COUNT_SHIFT | place << TAG_SHIFT;
	enqueue(&probe->source, place);
	error = bpf_map_update_elem(&registry, &probe->source, &fresh, BPF_NOEXIST);
	if (error == -EEXIST)
		return XDP_ABORTED;
	return error ? XDP_DROP : XDP_PASS;
}

static __always_inline void keep_place(struct portscan_record *record, const struct probe *probe)
{
	__u32 since = (__u32) * (volatile __u64 *)&queue_head - record->queue_place;
	__u64 place;

	if (since <= settings.queue_slots / 2)
		return;
	place = __sync_fetch_and_add(&queue_head, 1);
	record->queue_place = place;
	enqueue(&probe->source, place);
}

/* The same for a record that is there. */
static __always_inline int judge_record(struct portscan_record *record, struct probe *probe)
{
	__u64 word = *(volatile __u64 *)record, next;
	__u32 used = used_ports(word);

	if (word >> BLOCKED_SHIFT & 1)
		return XDP_DROP;
	take_time(probe);
	if (word_has_port(word, probe->port)) {
		refresh(&record->packet_timestamp, probe->now);
		return XDP_PASS;
	}
	if (used == DEAD)
		return XDP_ABORTED;
	*(volatile __u64 *)&record->packet_timestamp = probe->now;
	if (used >= VARIANT_MAX_PORTS)
		return swap(record, word, word | 1ULL << BLOCKED_SHIFT) ? XDP_DROP : XDP_ABORTED;
	next = word + ((__u64)probe->port << (used * 16 & 63)) + (1ULL << COUNT_SHIFT);
	if (!swap(record, word, next))
		return XDP_ABORTED;
	keep_place(record, probe);
	return XDP_PASS;
}

SEC("xdp")
int judge(struct xdp_md *ctx)
{
	struct probe probe;

	if (!read_probe(ctx, &probe))
		return XDP_PASS;
	for (int i = 0; i < MAX_ATTEMPTS; i++) {
		struct portscan_record *record = bpf_map_lookup_elem(&registry, &probe.source);
		int verdict = record ? judge_record(record, &probe) : insert(&probe);

		if (verdict != XDP_ABORTED)
			return verdict;
	}
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
