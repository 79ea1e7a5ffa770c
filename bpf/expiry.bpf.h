/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The expiry pass: reclaims memory, never decides. In the kernel, because only here is the look at
 * a record and its removal one step against packets that arrive: a refresh in flight was computed
 * within the window, a record is removed at twice the window, and every other change moves the word
 * that the removal swaps. An unblocked record that the queue passed over takes a place too many,
 * and goes after two turns, however young it is (registry.bpf.h).
 */
#ifndef PORTSCAN_EXPIRY_BPF_H
#define PORTSCAN_EXPIRY_BPF_H

#include "registry.bpf.h"

struct bpf_map;

/* Times in a dead record's word are counted in units of about a millisecond, from 1. */
enum {
	DEAD_TIME_SHIFT = 20,
	DEAD_TIME_UNITS = 1024, /* about a second */
};
#define DEAD_TIME_MASK (WORD_BLOCKED - 1)

/*
 * A record is dead for some nanoseconds, from the swap of its word to its deletion. It stays dead
 * where the kernel refused the deletion (EBUSY, where the packet interrupted this CPU while it held
 * a lock of the map), or where a swap met recycled memory with the very same word. The pass that
 * sees it first notes the time in the bits of its ports; the pass a second later deletes it, when
 * nobody can be about to any more. Swapping the new time in settles which of two passes does.
 */
static __always_inline long expire_dead(enum portscan_family family, const void *key,
					struct portscan_record *record, __u64 word, __u64 now,
					struct portscan_expiry *expiry)
{
	__u64 seen = word & DEAD_TIME_MASK;
	__u64 time = ((now >> DEAD_TIME_SHIFT) + 1) & DEAD_TIME_MASK;
	__u64 due = now + ((__u64)(DEAD_TIME_UNITS + 1) << DEAD_TIME_SHIFT);

	if (due < expiry->next_due)
		expiry->next_due = due;
	if (seen && age_of(seen, time) < DEAD_TIME_UNITS)
		return 0;
	if (swap_word(record, word, (word & ~DEAD_TIME_MASK) | time) && seen)
		delete_record(family, key);
	return 0;
}

/* When the record can be removed; the largest value: never. */
static __always_inline __u64 due_time(__u64 word, __u64 timestamp)
{
	__u64 lifetime = word & WORD_BLOCKED ? config.block_for : 2 * config.window;
	__u64 due = timestamp + lifetime;

	return lifetime && due > timestamp ? due : ~0ULL;
}

static __always_inline long expire_record(enum portscan_family family, const void *key,
					  struct portscan_record *record, __u64 now)
{
	struct portscan_state *state = shared_state();
	struct portscan_expiry *expiry;
	__u64 word, timestamp, due;
	bool blocked, is_due;

	if (!state)
		return 1;
	expiry = &state->expiry[family];
	word = read_word(record);
	if (word_count(word) == PORTSCAN_COUNT_DEAD)
		return expire_dead(family, key, record, word, now, expiry);
	timestamp = read_timestamp(record);
	blocked = word & WORD_BLOCKED;
	due = due_time(word, timestamp);
	/* Two turns: at the end of the first its successor may be about to remove it. */
	is_due = (due <= now && due != ~0ULL) ||
		 is_passed_over(family, record, word, 2, &state->family[family]);
	if (is_due && bury(family, key, record, word, &state->family[family])) {
		if (blocked)
			expiry->blocks_freed += 1;
		else
			expiry->sources_freed += 1;
		return 0;
	}
	expiry->sources_left += 1;
	expiry->blocks_left += blocked;
	if (due < expiry->next_due)
		expiry->next_due = due;
	return 0;
}

/* Counts stand in a map: on the callback's stack they exceed the verifier's limit on 6.12. */
static long expire_record4(struct bpf_map *map, const void *key, void *record, const __u64 *now)
{
	return expire_record(PORTSCAN_IPV4, key, record, *now);
}

static long expire_record6(struct bpf_map *map, const void *key, void *record, const __u64 *now)
{
	return expire_record(PORTSCAN_IPV6, key, record, *now);
}

/*
 * Further ports whose record was deleted by hand: unless the source comes again, nothing else would
 * take them out, and in the end sources would find no room for their 4th port.
 */
static __always_inline long sweep_ports(enum portscan_family family, const void *key)
{
	if (!find_record(family, key))
		forget_more(family, key);
	return 0;
}

static long sweep_ports4(struct bpf_map *map, const void *key, void *ports, void *context)
{
	return sweep_ports(PORTSCAN_IPV4, key);
}

static long sweep_ports6(struct bpf_map *map, const void *key, void *ports, void *context)
{
	return sweep_ports(PORTSCAN_IPV6, key);
}

static __always_inline void begin_expiry(struct portscan_expiry *expiry)
{
	__builtin_memset(expiry, 0, sizeof(*expiry));
	expiry->next_due = ~0ULL;
}

#endif
