/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common path, from what parsing found to the action: one look at the record decides whatever
 * changes no word of it. Inlined for each family, with constant reasons; decision.bpf.h decides the
 * rest.
 */
#ifndef PORTSCAN_JUDGE_BPF_H
#define PORTSCAN_JUDGE_BPF_H

#include "decision.bpf.h"

static __always_inline struct portscan_record *
find_record_of(enum portscan_family family, const struct packet *packet, struct portscan_key6 *key)
{
	if (family == PORTSCAN_IPV6)
		ipv6_key(key, packet->source);
	else
		__builtin_memcpy(key, packet->source, sizeof(struct portscan_key4));
	return find_record(family, key);
}

/* Blocked, and the block is not over. */
static __always_inline bool is_blocked(struct portscan_record *record, __u64 word)
{
	return (word & WORD_BLOCKED) &&
	       !(config.block_for && block_is_over(read_timestamp(record), clock_now()));
}

static __always_inline int drop_blocked(enum portscan_family family, const struct packet *packet,
					const struct portscan_key6 *key)
{
	if (is_allowlisted_inside(family, key, (const __u8 *)packet->source))
		return pass(PORTSCAN_ALLOWLISTED);
	return drop(PORTSCAN_BLOCKED);
}

/* No probe: it passes for `reason`, unless its source is blocked and the scope covers it. */
static __always_inline int judge_other(enum portscan_family family, const struct packet *packet,
				       bool in_scope, __u32 reason)
{
	struct portscan_record *record;
	struct portscan_key6 key;

	if (!in_scope)
		return pass(reason);
	record = find_record_of(family, packet, &key);
	if (record && is_blocked(record, read_word(record)))
		return drop_blocked(family, packet, &key);
	return pass(reason);
}

/* What needs no change of a word is decided here, with one look-up; judge_closely does the rest. */
static __always_inline int judge_probe(enum portscan_family family, struct xdp_md *ctx,
				       const struct packet *packet)
{
	struct portscan_record *record;
	__u64 word, timestamp, now;
	struct portscan_key6 key;

	count(PORTSCAN_PROBES);
	record = find_record_of(family, packet, &key);
	if (!record)
		return judge_closely(family, ctx, packet, true);
	word = read_word(record);
	if (is_blocked(record, word))
		return drop_blocked(family, packet, &key);
	if (word & WORD_BLOCKED)
		return judge_closely(family, ctx, packet, false);
	if (is_ignored_port(packet->port))
		return pass(PORTSCAN_IGNORED);
	if (!word_has_port(word, packet->port))
		return judge_closely(family, ctx, packet, false);
	timestamp = read_timestamp(record);
	now = clock_now();
	if (age_of(timestamp, now) >= config.window)
		return judge_closely(family, ctx, packet, false);
	refresh(record, timestamp, now);
	return pass(PORTSCAN_KNOWN);
}

/* From what parsing found to the action. */
static __always_inline int judge(enum portscan_family family, struct xdp_md *ctx,
				 const struct packet *packet, enum packet_kind kind)
{
	switch (kind) {
	case PACKET_MALFORMED:
		return conclude(PORTSCAN_MALFORMED);
	case PACKET_NOT_TCP:
		return judge_other(family, packet, config.scope == PORTSCAN_SCOPE_ALL,
				   PORTSCAN_NOT_TCP);
	case PACKET_SEGMENT:
		return judge_other(family, packet, config.scope != PORTSCAN_SCOPE_PROBES,
				   PORTSCAN_NOT_PROBE);
	case PACKET_PROBE:
		return judge_probe(family, ctx, packet);
	default:
		return conclude(PORTSCAN_FAULT);
	}
}

#endif
