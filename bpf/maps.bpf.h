/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps and configuration. User space sets the sizes that depend on options before it loads; the
 * ones here are those of the default options.
 */
#ifndef PORTSCAN_MAPS_BPF_H
#define PORTSCAN_MAPS_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "portscan.h"

const volatile struct portscan_config config = {
	.window = 60000000000ULL,
	.refresh = 937500000ULL,
	.ipv6_mask_be = { ~0ULL, 0 },
	.family = { { 500000, 500000 }, { 125000, 125000 } },
	.max_ports = 3,
	.ipv6_prefix = 64,
	.layout = PORTSCAN_LAYOUT,
};

/* One bit a port, 64 ports a word. */
const volatile __u64 ignored_ports[PORTSCAN_IGNORE_WORDS] = {};

/* Preallocated: without it the 99th percentile of an insertion is 12 us (DESIGN.md, 11). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1000000);
	__type(key, struct portscan_key4);
	__type(value, struct portscan_record);
} pscan_ip_reg SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 250000);
	__type(key, struct portscan_key6);
	__type(value, struct portscan_record);
} pscan_ip6_reg SEC(".maps");

/* One entry unless --max-ports is above PORTSCAN_RECORD_PORTS. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct portscan_key4);
	__type(value, struct portscan_more_ports);
} pscan_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct portscan_key6);
	__type(value, struct portscan_more_ports);
} pscan_ports6 SEC(".maps");

/* Who gives way next: rings of config.family[].queue_slots keys. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 500000);
	__type(key, __u32);
	__type(value, struct portscan_key4);
} pscan_queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 125000);
	__type(key, __u32);
	__type(value, struct portscan_key6);
} pscan_queue6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct portscan_allow_key4);
	__type(value, struct portscan_allow_value);
} pscan_allow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct portscan_allow_key6);
	__type(value, struct portscan_allow_value);
} pscan_allow6 SEC(".maps");

/* Source prefixes that contain longer allowlist entries; the value counts those entries. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct portscan_key6);
	__type(value, __u32);
} pscan_allow6_in SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PORTSCAN_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} pscan_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct portscan_state);
} pscan_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} pscan_events SEC(".maps");

#endif
