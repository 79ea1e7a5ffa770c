/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a probe at a closer look (docs/detection.md, "Order and decision"). Each
 * function returns a reason (enum portscan_counter); 0 means that the question is still open.
 */
#ifndef PORTSCAN_DECISION_BPF_H
#define PORTSCAN_DECISION_BPF_H

#include "events.bpf.h"
#include "more_ports.bpf.h"
#include "parsing.bpf.h"
#include "registry.bpf.h"

static __always_inline __u64 clock_now(void)
{
	return bpf_ktime_get_coarse_ns();
}

static __always_inline bool is_ignored_port(__u16 port)
{
	return config.ignores_ports && ignored_ports[port / 64] >> (port % 64) & 1;
}

/* config.refresh is at least 1, so that a clock that is behind never writes. */
static __always_inline void refresh(struct portscan_record *record, __u64 timestamp, __u64 now)
{
	if (age_of(timestamp, now) >= config.refresh)
		write_timestamp(record, now);
}

/* The record is full and the port is a new one: block, within the bound on blocks. */
static __always_inline __u32 block_source(enum portscan_family family, const void *key,
					  struct xdp_md *ctx, struct portscan_record *record,
					  __u64 word, const struct portscan_more_ports *more,
					  __u16 port, __u64 now,
					  struct portscan_family_state *state)
{
	__u32 bound = config.family[family].max_blocked;

	if (*(volatile __u32 *)&state->blocked >= bound)
		return PORTSCAN_BLOCK_REFUSED;
	if (__sync_fetch_and_add(&state->blocked, 1) >= bound) {
		__sync_fetch_and_sub(&state->blocked, 1);
		return PORTSCAN_BLOCK_REFUSED;
	}
	/* First, so that nobody sees the block with the age of its last port. */
	write_timestamp(record, now);
	if (!swap_word(record, word, word | WORD_BLOCKED)) {
		__sync_fetch_and_sub(&state->blocked, 1);
		return 0;
	}
	record->block_ifindex = ctx->ingress_ifindex;
	record->trigger_port = port;
	record->dry_run = config.dry_run;
	count(PORTSCAN_BLOCKS);
	emit_event(family, key, ctx, word, more, record->life, port, now);
	return PORTSCAN_THRESHOLD;
}

/* Recording a port writes the later of stored and now. */
static __always_inline void stamp_recorded(struct portscan_record *record, __u64 timestamp,
					   __u64 now)
{
	if (age_of(timestamp, now) > 0)
		write_timestamp(record, now);
}

/* A probe of a source without a record in force. */
static __always_inline __u32 judge_new(enum portscan_family family, const void *key,
				       const __u8 *address, __u16 port, __u64 now,
				       struct portscan_family_state *state)
{
	if (is_ignored_port(port))
		return PORTSCAN_IGNORED;
	if (is_allowlisted(family, address))
		return PORTSCAN_ALLOWLISTED;
	return insert_record(family, key, port, now, state);
}

/* The record's own three ports are used and --max-ports is above: the rest stands apart. */
static __always_inline __u32 judge_more(enum portscan_family family, const void *key,
					const __u8 *address, struct xdp_md *ctx,
					struct portscan_record *record, __u64 word, __u64 timestamp,
					__u16 port, __u64 now, struct portscan_family_state *state)
{
	struct portscan_more_ports *more = find_more(family, key);
	__u32 life = record->life, used = 0;

	if (more && more_has_port(more, life, port, &used)) {
		refresh(record, timestamp, now);
		return PORTSCAN_KNOWN;
	}
	if (is_allowlisted(family, address))
		return PORTSCAN_ALLOWLISTED;
	if (PORTSCAN_RECORD_PORTS + used >= config.max_ports)
		return block_source(family, key, ctx, record, word, more, port, now, state);
	if (!more)
		return prepare_more(family, key) ? 0 : PORTSCAN_INSERT_FAILED;
	stamp_recorded(record, timestamp, now);
	/* The port itself does not change the word. */
	if (keep_place(family, key, record, now, state) &&
	    !swap_word(record, word, word + WORD_TAG_STEP))
		return 0;
	return append_more(more, life, used, port) ? PORTSCAN_RECORDED : 0;
}

/* A probe of a source with a record in force that is no block. */
static __always_inline __u32 judge_known(enum portscan_family family, const void *key,
					 const __u8 *address, struct xdp_md *ctx,
					 struct portscan_record *record, __u64 word,
					 __u64 timestamp, __u16 port, __u64 now,
					 struct portscan_family_state *state)
{
	__u32 used = word_count(word);
	__u64 next;

	if (is_ignored_port(port))
		return PORTSCAN_IGNORED;
	if (word_has_port(word, port)) {
		refresh(record, timestamp, now);
		return PORTSCAN_KNOWN;
	}
	if (used == PORTSCAN_RECORD_PORTS && config.max_ports > PORTSCAN_RECORD_PORTS)
		return judge_more(family, key, address, ctx, record, word, timestamp, port, now,
				  state);
	if (is_allowlisted(family, address))
		return PORTSCAN_ALLOWLISTED;
	if (used >= config.max_ports)
		return block_source(family, key, ctx, record, word, NULL, port, now, state);
	stamp_recorded(record, timestamp, now);
	keep_place(family, key, record, now, state);
	next = word + ((__u64)port << (used * WORD_PORT_BITS & 63)) + (1ULL << WORD_COUNT_SHIFT);
	return swap_word(record, word, next) ? PORTSCAN_RECORDED : 0;
}

/* One look at the record of a probe's source. `absent`: it was just seen to have none. */
static __always_inline __u32 judge_once(enum portscan_family family, const void *key,
					const __u8 *address, struct xdp_md *ctx, __u16 port,
					bool absent)
{
	struct portscan_state *shared = shared_state();
	struct portscan_family_state *state;
	struct portscan_record *record;
	__u64 word, timestamp, now = clock_now();
	bool over, passed_over;

	if (!shared)
		return PORTSCAN_FAULT;
	state = &shared->family[family];
	record = absent ? NULL : find_record(family, key);
	if (!record)
		return judge_new(family, key, address, port, now, state);
	word = read_word(record);
	if (word_count(word) == PORTSCAN_COUNT_DEAD)
		return 0;
	timestamp = read_timestamp(record);
	/* Before it was read the memory may have become another's: not if it still is ours. */
	if (find_record(family, key) != record)
		return 0;
	over = record_is_over(word, timestamp, now);
	/* With its port: just put in. If not, recording the port will give it another place. */
	passed_over = !over && word_has_port(word, port) &&
		      is_passed_over(family, record, word, 1, state);
	if (over || passed_over) {
		if (is_ignored_port(port))
			return PORTSCAN_IGNORED;
		if (is_allowlisted(family, address))
			return PORTSCAN_ALLOWLISTED;
		if (bury(family, key, record, word, state) && passed_over)
			count(PORTSCAN_EVICTIONS);
		return 0;
	}
	if (word & WORD_BLOCKED)
		return is_allowlisted_inside(family, key, address) ? PORTSCAN_ALLOWLISTED
								   : PORTSCAN_BLOCKED;
	return judge_known(family, key, address, ctx, record, word, timestamp, port, now, state);
}

/* Functions of their own, so that each is verified once and not for every attempt. */
__noinline __u32 judge_once4(struct xdp_md *ctx, __u32 source_be, __u32 port, __u32 absent)
{
	struct portscan_key4 key;

	__builtin_memcpy(&key, &source_be, sizeof(key));
	return judge_once(PORTSCAN_IPV4, &key, key.address, ctx, port, absent);
}

__noinline __u32 judge_once6(struct xdp_md *ctx, __u64 high_be, __u64 low_be, __u32 port,
			     __u32 absent)
{
	__u64 source[2] = { high_be, low_be };
	struct portscan_key6 key;

	ipv6_key(&key, source);
	return judge_once(PORTSCAN_IPV6, &key, (const __u8 *)source, ctx, port, absent);
}

/*
 * With as many looks at the record as contention takes and MAX_ATTEMPTS permits, and as many places
 * as it takes until somebody gives way. (Where there is no room for the 4th port, that is looked at
 * again as often, in vain.)
 */
static __always_inline int judge_repeatedly(enum portscan_family family, struct xdp_md *ctx,
					    __u64 high_be, __u64 low_be, __u32 port, __u32 absent)
{
	__u32 reason = 0;

	for (int i = 0; i < MAX_ATTEMPTS; i++) {
		reason = family == PORTSCAN_IPV6 ? judge_once6(ctx, high_be, low_be, port, absent)
						 : judge_once4(ctx, high_be, port, absent);
		if (reason && reason != PORTSCAN_INSERT_FAILED)
			break;
		absent = false;
	}
	return conclude(reason ? reason : PORTSCAN_CONTENTION);
}

/* Functions of their own, so that the common path stays short and these are verified once. */
__noinline int judge_closely4(struct xdp_md *ctx, __u32 source_be, __u32 port, __u32 absent)
{
	return judge_repeatedly(PORTSCAN_IPV4, ctx, source_be, 0, port, absent);
}

__noinline int judge_closely6(struct xdp_md *ctx, __u64 high_be, __u64 low_be, __u32 port,
			      __u32 absent)
{
	return judge_repeatedly(PORTSCAN_IPV6, ctx, high_be, low_be, port, absent);
}

/* A probe for which more than a look at a record is needed. `absent`: there is none. */
static __always_inline int judge_closely(enum portscan_family family, struct xdp_md *ctx,
					 const struct packet *packet, bool absent)
{
	if (family == PORTSCAN_IPV6)
		return judge_closely6(ctx, packet->source[0], packet->source[1], packet->port,
				      absent);
	return judge_closely4(ctx, packet->source[0], packet->port, absent);
}

#endif
