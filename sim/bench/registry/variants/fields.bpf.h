/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision on a record field by field, for who is alone with it. */
#ifndef REGISTRY_FIELDS_BPF_H
#define REGISTRY_FIELDS_BPF_H

#include "sim/bench/registry/variants/probe.bpf.h"

/*
 * portscan_record without its bit fields and with what it keeps of blocks left out: the kernel
 * refuses the type information of a value that holds a lock and bit fields.
 */
struct fields_record {
	__u16 port1, port2, port3;
	__u8 blocked;
	__u8 count;
	__u64 packet_timestamp;
	__u64 padding[2];
};
PORTSCAN_ASSERT(sizeof(struct fields_record) == sizeof(struct portscan_record));

static __always_inline bool has_port(const struct fields_record *record, __u16 port)
{
	return (record->count > 0 && record->port1 == port) ||
	       (record->count > 1 && record->port2 == port) ||
	       (record->count > 2 && record->port3 == port);
}

static __always_inline int judge_fields(struct fields_record *record, const struct probe *probe)
{
	if (record->blocked)
		return XDP_DROP;
	if (has_port(record, probe->port)) {
		refresh(&record->packet_timestamp, probe->now);
		return XDP_PASS;
	}
	record->packet_timestamp = probe->now;
	if (record->count >= VARIANT_MAX_PORTS) {
		record->blocked = 1;
		return XDP_DROP;
	}
	if (record->count == 0)
		record->port1 = probe->port;
	else if (record->count == 1)
		record->port2 = probe->port;
	else
		record->port3 = probe->port;
	record->count++;
	return XDP_PASS;
}

#endif
