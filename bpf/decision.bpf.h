/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a packet whose source is known (SPEC section 1, "Order" and "Decision"). Each
 * function returns a reason (enum portscan_counter); 0 means that the question is still open.
 */
#ifndef PORTSCAN_DECISION_BPF_H
#define PORTSCAN_DECISION_BPF_H

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

/* Not by age_of: a window below 64 ns makes config.refresh 0, and the clock may be behind. */
static __always_inline void refresh(struct portscan_record *record, __u64 timestamp, __u64 now)
{
	if ((__s64)(now - timestamp) >= (__s64)config.refresh)
		write_timestamp(record, now);
}

static __always_inline void emit_event(enum portscan_family family, const void *key,
				       struct xdp_md *ctx, __u64 word,
				       const struct portscan_more_ports *more, __u16 port,
				       __u64 now)
{
	struct portscan_event *event = bpf_ringbuf_reserve(&pscan_events, sizeof(*event), 0);
	__u32 used = word_count(word);

	if (!event) {
		count(PORTSCAN_EVENTS_LOST);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time = now;
	__builtin_memcpy(event->address, key, family == PORTSCAN_IPV6 ? 16 : 4);
	event->ifindex = ctx->ingress_ifindex;
	event->ports[0] = word;
	event->ports[1] = word >> 16;
	event->ports[2] = word >> 32;
	event->trigger_port = port;
	event->family = family;
	event->prefix_length = prefix_length(family, event->address);
	event->dry_run = config.dry_run;
	if (more) {
#pragma unroll
		for (int i = 0; i < PORTSCAN_MORE_WORDS; i++) {
			__u64 ports = more->word[i];

			event->ports[3 + i * 3] = ports;
			if (i < PORTSCAN_MORE_WORDS - 1) {
				event->ports[4 + i * 3] = ports >> 16;
				event->ports[5 + i * 3] = ports >> 32;
			}
			used += ports >> MORE_COUNT_SHIFT & MORE_COUNT_MASK;
		}
	}
	event->count = used;
	bpf_ringbuf_submit(event, 0);
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
	emit_event(family, key, ctx, word, more, port, now);
	return PORTSCAN_THRESHOLD;
}

/* Recording a port writes the later of stored and now. */
static __always_inline void stamp_recorded(struct portscan_record *record, __u64 timestamp,
					   __u64 now)
{
	if ((__s64)(now - timestamp) > 0)
		write_timestamp(record, now);
}

/*
 * 1 if `port` is the element `index` of a word that holds `used` ports, else 0. Arithmetic instead
 * of conditions: fifteen of those would multiply what the verifier has to follow.
 */
static __always_inline __u32 word_element_is(__u64 word, __u32 used, __u32 index, __u16 port)
{
	__u32 difference = (__u16)(word >> (index * WORD_PORT_BITS)) ^ port;
	__u32 equal = (difference - 1) >> 31;
	__u32 in_use = (used + PORTSCAN_WORD_PORTS - index) >> 2;

	return equal & in_use;
}

/* Is the port among the 4th to the 16th? `used`: how many there are. */
static __always_inline bool more_has_port(struct portscan_more_ports *more, __u16 port, __u32 *used)
{
	__u32 found = 0, total = 0;

#pragma unroll
	for (int i = 0; i < PORTSCAN_MORE_WORDS; i++) {
		__u64 word = *(volatile __u64 *)&more->word[i];
		__u32 in_word = word >> MORE_COUNT_SHIFT & MORE_COUNT_MASK;

		total += in_word;
		found |= word_element_is(word, in_word, 0, port);
		found |= word_element_is(word, in_word, 1, port);
		found |= word_element_is(word, in_word, 2, port);
		barrier_var(found);
	}
	*used = total;
	return found;
}

/* Appends the port as number `used` (from 0) of the further ones. False: somebody was faster. */
static __always_inline bool append_more(struct portscan_more_ports *more, __u32 used, __u16 port)
{
	__u64 index = used / PORTSCAN_WORD_PORTS;
	__u32 in_word = used % PORTSCAN_WORD_PORTS;
	__u64 *place, word, next;

	barrier_var(index); /* or clang drops a bound that only it can see */
	if (index >= PORTSCAN_MORE_WORDS)
		return false;
	place = &more->word[index];
	word = *(volatile __u64 *)place;
	if ((word >> MORE_COUNT_SHIFT & MORE_COUNT_MASK) != in_word)
		return false;
	next = word + ((__u64)port << (in_word * WORD_PORT_BITS)) + (1ULL << MORE_COUNT_SHIFT);
	return __sync_val_compare_and_swap(place, word, next) == word;
}

/* Makes room for the 4th port. The tag tells this life of the memory from the one before. */
static __always_inline bool prepare_more(enum portscan_family family, const void *key, __u32 tag)
{
	struct portscan_more_ports more = {};
	long error;

#pragma unroll
	for (int i = 0; i < PORTSCAN_MORE_WORDS; i++)
		more.word[i] = (__u64)tag << MORE_TAG_SHIFT;
	error = add_more(family, key, &more);
	return !error || error == -EEXIST;
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
	__u32 used = 0;

	if (more && more_has_port(more, port, &used)) {
		refresh(record, timestamp, now);
		return PORTSCAN_KNOWN;
	}
	if (is_allowlisted(family, address))
		return PORTSCAN_ALLOWLISTED;
	if (PORTSCAN_RECORD_PORTS + used >= config.max_ports)
		return block_source(family, key, ctx, record, word, more, port, now, state);
	if (!more) {
		if (!prepare_more(family, key, (__u32)state->queue_head))
			return PORTSCAN_INSERT_FAILED;
		return 0;
	}
	stamp_recorded(record, timestamp, now);
	if (!append_more(more, used, port))
		return 0;
	keep_place(family, key, record, now, state);
	return PORTSCAN_RECORDED;
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
	next = word + ((__u64)port << (used * WORD_PORT_BITS & 63)) + (1ULL << WORD_COUNT_SHIFT);
	if (!swap_word(record, word, next))
		return 0;
	keep_place(family, key, record, now, state);
	return PORTSCAN_RECORDED;
}

/* One look at the record of a probe's source. */
static __always_inline __u32 judge_once(enum portscan_family family, const void *key,
					const __u8 *address, struct xdp_md *ctx, __u16 port,
					__u64 now)
{
	struct portscan_state *shared = shared_state();
	struct portscan_family_state *state;
	struct portscan_record *record;
	__u64 word, timestamp;

	if (!shared)
		return PORTSCAN_FAULT;
	state = &shared->family[family];
	record = find_record(family, key);
	if (!record)
		return judge_new(family, key, address, port, now, state);
	word = read_word(record);
	if (word_count(word) == COUNT_DEAD)
		return 0;
	timestamp = read_timestamp(record);
	if (record_is_over(word, timestamp, now)) {
		if (is_ignored_port(port))
			return PORTSCAN_IGNORED;
		if (is_allowlisted(family, address))
			return PORTSCAN_ALLOWLISTED;
		bury(family, key, record, word, state);
		return 0;
	}
	if (word & WORD_BLOCKED)
		return is_allowlisted_inside(family, key, address) ? PORTSCAN_ALLOWLISTED
								   : PORTSCAN_BLOCKED;
	return judge_known(family, key, address, ctx, record, word, timestamp, port, now, state);
}

/* Functions of their own, so that each is verified once and not for every attempt. */
__noinline __u32 judge_once4(struct xdp_md *ctx, __u32 source_be, __u32 port, __u64 now)
{
	struct portscan_key4 key;

	__builtin_memcpy(&key, &source_be, sizeof(key));
	return judge_once(PORTSCAN_IPV4, &key, key.address, ctx, port, now);
}

__noinline __u32 judge_once6(struct xdp_md *ctx, __u64 high_be, __u64 low_be, __u32 port, __u64 now)
{
	__u64 source[2] = { high_be, low_be };
	struct portscan_key6 key;

	ipv6_key(&key, source);
	return judge_once(PORTSCAN_IPV6, &key, (const __u8 *)source, ctx, port, now);
}

/* A probe, with as many looks as contention takes and MAX_ATTEMPTS permits. */
static __always_inline __u32 judge_probe(struct xdp_md *ctx, const struct packet *packet)
{
	__u64 now = clock_now();
	__u32 reason;

	for (int i = 0; i < MAX_ATTEMPTS; i++) {
		if (packet->ipv6)
			reason = judge_once6(ctx, packet->source[0], packet->source[1],
					     packet->port, now);
		else
			reason = judge_once4(ctx, packet->source[0], packet->port, now);
		if (reason)
			return reason;
	}
	return PORTSCAN_CONTENTION;
}

/* Does a block of the source concern this packet? Constant folded by the verifier. */
static __always_inline bool in_scope(enum packet_kind kind)
{
	return kind == PACKET_PROBE || config.scope == PORTSCAN_SCOPE_ALL ||
	       (kind == PACKET_SEGMENT && config.scope == PORTSCAN_SCOPE_TCP);
}

static __always_inline __u32 passed_unjudged(enum packet_kind kind)
{
	return kind == PACKET_SEGMENT ? PORTSCAN_NOT_PROBE : PORTSCAN_NOT_TCP;
}

/*
 * The common path: what needs no change of a word is decided here, with one look-up. Returns 0 for
 * a probe that judge_probe must decide.
 */
static __always_inline __u32 judge(enum portscan_family family, const void *key,
				   const struct packet *packet, enum packet_kind kind)
{
	struct portscan_record *record;
	__u64 word, timestamp, now;

	if (!in_scope(kind))
		return passed_unjudged(kind);
	record = find_record(family, key);
	if (!record)
		return kind == PACKET_PROBE ? 0 : passed_unjudged(kind);
	word = read_word(record);
	if (word & WORD_BLOCKED) {
		if (config.block_for && block_is_over(read_timestamp(record), clock_now()))
			return kind == PACKET_PROBE ? 0 : passed_unjudged(kind);
		return is_allowlisted_inside(family, key, (const __u8 *)packet->source)
			       ? PORTSCAN_ALLOWLISTED
			       : PORTSCAN_BLOCKED;
	}
	if (kind != PACKET_PROBE)
		return passed_unjudged(kind);
	if (is_ignored_port(packet->port))
		return PORTSCAN_IGNORED;
	if (!word_has_port(word, packet->port))
		return 0;
	timestamp = read_timestamp(record);
	now = clock_now();
	if (age_of(timestamp, now) >= config.window)
		return 0;
	refresh(record, timestamp, now);
	return PORTSCAN_KNOWN;
}

#endif
