// SPDX-License-Identifier: GPL-2.0-or-later
/* Fields read and written as they come, with no regard for other CPUs. */
#include "sim/bench/registry/variants/fields.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1000000);
	__type(key, struct portscan_key4);
	__type(value, struct fields_record);
} registry SEC(".maps");

SEC("xdp")
int judge(struct xdp_md *ctx)
{
	struct fields_record *record;
	struct probe probe;

	if (!read_probe(ctx, &probe))
		return XDP_PASS;
	record = bpf_map_lookup_elem(&registry, &probe.source);
	if (record && record->blocked)
		return XDP_DROP;
	take_time(&probe);
	if (!record) {
		struct fields_record fresh = {
			.port1 = probe.port,
			.count = 1,
			.packet_timestamp = probe.now,
		};

		return bpf_map_update_elem(&registry, &probe.source, &fresh, BPF_ANY) ? XDP_DROP
										      : XDP_PASS;
	}
	return judge_fields(record, &probe);
}

char LICENSE[] SEC("license") = "GPL";
