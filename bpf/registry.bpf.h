/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry: what is remembered of a source, and who gives way when it is full.
 *
 * A record's first eight bytes are one word: three ports, whether it is a block, how many ports are
 * used and a tag. Every decision is a compare-and-swap of that word against the value it was taken
 * on; who loses looks again, MAX_ATTEMPTS times. Memory of a deleted record is used again at once,
 * while another CPU may still hold a pointer to it. Who is going to change a word therefore looks
 * the source up again after reading it: the memory was still that source's then. From there on the
 * tag makes the swap fail; the record for which one gives way, and which gets its memory, has
 * another one.
 *
 * A record is never changed into another life in place. Eviction, expiry and a fresh start swap in
 * a dead word first; the one who did that, and no other, deletes the record.
 *
 * The queue is a ring of keys. Each insertion takes the next slot and evicts the key that had it,
 * unless that is a block or has moved on to a later slot. So unblocked records never exceed the
 * slots (max-sources less max-blocked), blocks never max-blocked, and their sum never the map,
 * without a search or a lock. A record that records a port while in the older half of the ring is
 * put in anew, so that it survives at least half a ring of further places after each port. A place
 * goes to a new source, or to a known one that records a port after half a ring.
 *
 * A CPU can stand still for a whole turn of the ring, most of all a virtual one that is taken away.
 * Whoever takes a slot meanwhile finds the wrong key there, or no record yet, and the ring passes a
 * record over: nobody would make it give way, and unblocked records would exceed the slots. Who
 * put a record in looks whether that was so, and while attempts are left removes it and begins
 * again. What others left behind a pass removes after two turns (expiry.bpf.h); until then an
 * insertion for which nobody gave way tries the next place (judge_repeatedly). Each removal swaps
 * the word that it was decided on, and recording a port moves either the word or, for the 4th and
 * later ones, a place that is that old, and then the word's tag: see keep_place(). DESIGN.md, 15.
 */
#ifndef PORTSCAN_REGISTRY_BPF_H
#define PORTSCAN_REGISTRY_BPF_H

#include <asm-generic/errno-base.h>

#include "counters.bpf.h"

enum {
	MAX_ATTEMPTS = 6,

	WORD_PORT_BITS = 16,
	WORD_BLOCKED_SHIFT = 48,
	WORD_COUNT_SHIFT = 56,
	WORD_COUNT_MASK = 0x1f,
	WORD_TAG_SHIFT = 61,
	WORD_TAG_MASK = 0x7,
};

#define WORD_TAG_STEP (1ULL << WORD_TAG_SHIFT)

#define WORD_BLOCKED (1ULL << WORD_BLOCKED_SHIFT)
#define WORD_DEAD ((__u64)PORTSCAN_COUNT_DEAD << WORD_COUNT_SHIFT)

static __always_inline struct portscan_state *shared_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pscan_state, &zero);
}

/* The maps of a family. `family` is a constant wherever these are inlined. */
static __always_inline struct portscan_record *find_record(enum portscan_family family,
							   const void *key)
{
	return family == PORTSCAN_IPV6 ? bpf_map_lookup_elem(&pscan_ip6_reg, key)
				       : bpf_map_lookup_elem(&pscan_ip_reg, key);
}

/*
 * An error, or 0. An int, here and wherever it is compared: the verifier calls the map's own
 * function in place of the helper, and before Linux 6.4 that returns an int, whose sign is not in
 * the upper half of the register (kernel/bpf/verifier.c, kernel/bpf/hashtab.c).
 */
static __always_inline int add_record(enum portscan_family family, const void *key,
				      const struct portscan_record *record)
{
	return family == PORTSCAN_IPV6
		       ? bpf_map_update_elem(&pscan_ip6_reg, key, record, BPF_NOEXIST)
		       : bpf_map_update_elem(&pscan_ip_reg, key, record, BPF_NOEXIST);
}

static __always_inline void forget_more(enum portscan_family family, const void *key)
{
	if (config.max_ports <= PORTSCAN_RECORD_PORTS)
		return;
	if (family == PORTSCAN_IPV6)
		bpf_map_delete_elem(&pscan_ports6, key);
	else
		bpf_map_delete_elem(&pscan_ports, key);
}

/* Only for who has swapped in the dead word. */
static __always_inline void delete_record(enum portscan_family family, const void *key)
{
	forget_more(family, key);
	if (family == PORTSCAN_IPV6)
		bpf_map_delete_elem(&pscan_ip6_reg, key);
	else
		bpf_map_delete_elem(&pscan_ip_reg, key);
}

/* fe80::/10 (RFC 4291): tracked by the whole address, whatever the prefix. */
static __always_inline bool is_link_local(__u64 high_be)
{
	return (high_be & bpf_cpu_to_be64(0xffc0ULL << 48)) == bpf_cpu_to_be64(0xfe80ULL << 48);
}

static __always_inline void ipv6_key(struct portscan_key6 *key, const __u64 source_be[2])
{
	__u64 words[2] = { source_be[0], source_be[1] };

	if (!is_link_local(source_be[0])) {
		words[0] &= config.ipv6_mask_be[0];
		words[1] &= config.ipv6_mask_be[1];
	}
	__builtin_memcpy(key, words, sizeof(*key));
}

static __always_inline __u32 prefix_length(enum portscan_family family, const __u8 *address)
{
	__u64 high_be;

	if (family == PORTSCAN_IPV4)
		return 32;
	__builtin_memcpy(&high_be, address, sizeof(high_be));
	return is_link_local(high_be) ? 128 : config.ipv6_prefix;
}

static __always_inline bool is_allowlisted(enum portscan_family family, const __u8 *address)
{
	if (family == PORTSCAN_IPV6) {
		struct portscan_allow_key6 key = { .prefix_length = 128 };

		__builtin_memcpy(key.address, address, sizeof(key.address));
		return bpf_map_lookup_elem(&pscan_allow6, &key);
	} else {
		struct portscan_allow_key4 key = { .prefix_length = 32 };

		__builtin_memcpy(key.address, address, sizeof(key.address));
		return bpf_map_lookup_elem(&pscan_allow, &key);
	}
}

/* An allowlisted address within a blocked IPv6 prefix. Blocked IPv4 sources never pay for this. */
static __always_inline bool is_allowlisted_inside(enum portscan_family family, const void *key,
						  const __u8 *address)
{
	struct portscan_state *state;

	if (family == PORTSCAN_IPV4)
		return false;
	state = shared_state();
	return state && state->allow6_inside && bpf_map_lookup_elem(&pscan_allow6_in, key) &&
	       is_allowlisted(family, address);
}

/* The word of a record. Volatile: clang 14 has no atomic load for BPF. */
static __always_inline __u64 read_word(struct portscan_record *record)
{
	return *(volatile __u64 *)record;
}

static __always_inline bool swap_word(struct portscan_record *record, __u64 from, __u64 to)
{
	return __sync_val_compare_and_swap((__u64 *)record, from, to) == from;
}

static __always_inline __u64 read_timestamp(struct portscan_record *record)
{
	return *(volatile __u64 *)&record->packet_timestamp;
}

static __always_inline void write_timestamp(struct portscan_record *record, __u64 time)
{
	*(volatile __u64 *)&record->packet_timestamp = time;
}

static __always_inline __u32 read_place(struct portscan_record *record)
{
	return *(volatile __u32 *)&record->queue_place;
}

static __always_inline __u32 word_count(__u64 word)
{
	return word >> WORD_COUNT_SHIFT & WORD_COUNT_MASK;
}

static __always_inline bool word_has_port(__u64 word, __u16 port)
{
	__u32 used = word_count(word);

	if (used == PORTSCAN_COUNT_DEAD)
		return false;
	return (used > 0 && (__u16)word == port) || (used > 1 && (__u16)(word >> 16) == port) ||
	       (used > 2 && (__u16)(word >> 32) == port);
}

/* Signed: clocks of CPUs, or a test, may be behind what is stored. */
static __always_inline __u64 age_of(__u64 timestamp, __u64 now)
{
	__s64 age = now - timestamp;

	return age < 0 ? 0 : age;
}

static __always_inline bool block_is_over(__u64 timestamp, __u64 now)
{
	return config.block_for && age_of(timestamp, now) >= config.block_for;
}

/* Neither in force nor within the window: the next probe starts afresh. */
static __always_inline bool record_is_over(__u64 word, __u64 timestamp, __u64 now)
{
	if (word & WORD_BLOCKED)
		return block_is_over(timestamp, now);
	return age_of(timestamp, now) >= config.window;
}

/* Takes the record out of service. False: another CPU changed it since `word` was read. */
static __always_inline bool bury(enum portscan_family family, const void *key,
				 struct portscan_record *record, __u64 word,
				 struct portscan_family_state *state)
{
	if (!swap_word(record, word, WORD_DEAD | (word & (WORD_TAG_MASK * WORD_TAG_STEP))))
		return false;
	if (word & WORD_BLOCKED)
		__sync_fetch_and_sub(&state->blocked, 1);
	delete_record(family, key);
	return true;
}

/* The key that had a slot gives way, unless it is a block in force or has a later slot. */
static __always_inline void evict(enum portscan_family family, const void *key, __u32 place,
				  __u64 now, struct portscan_family_state *state)
{
	struct portscan_record *record = find_record(family, key);
	__u64 word;

	if (!record)
		return;
	/* Before the place: see keep_place(), and so it is not of another record here. */
	word = read_word(record);
	if (read_place(record) != place)
		return;
	if (word_count(word) == PORTSCAN_COUNT_DEAD)
		return;
	if ((word & WORD_BLOCKED) && !block_is_over(read_timestamp(record), now))
		return;
	if (bury(family, key, record, word, state))
		count(PORTSCAN_EVICTIONS);
}

/* Takes the next place in the queue. */
static __always_inline __u64 next_place(struct portscan_family_state *state)
{
	return __sync_fetch_and_add(&state->queue_head, 1);
}

/* How many were given out from that one on, itself included. */
static __always_inline __u32 places_since(struct portscan_family_state *state, __u32 place)
{
	return (__u32) * (volatile __u64 *)&state->queue_head - place;
}

/*
 * An unblocked record that had its place for more than so many turns. Signed: a CPU with weakly
 * ordered loads may read a place that is newer than its head.
 */
static __always_inline bool is_passed_over(enum portscan_family family,
					   struct portscan_record *record, __u64 word, __u32 turns,
					   struct portscan_family_state *state)
{
	if (word & WORD_BLOCKED)
		return false;
	return (__s32)places_since(state, read_place(record)) >
	       (__s64)turns * config.family[family].queue_slots;
}

static __always_inline __u32 slot_of(enum portscan_family family, __u64 place)
{
	__u32 slots = config.family[family].queue_slots;

	return slots ? place % slots : 0;
}

/* Another one than that of the next place, and of the same slot's next turn: see at the top. */
static __always_inline __u64 tag_of(enum portscan_family family, __u64 place)
{
	__u32 slots = config.family[family].queue_slots;

	if (slots && slots % (WORD_TAG_MASK + 1) == 0)
		place += place / slots;
	return place & WORD_TAG_MASK;
}

/* Puts the key at its place; whoever has that slot gives way. */
static __always_inline void enqueue(enum portscan_family family, const void *key, __u64 place,
				    __u64 now, struct portscan_family_state *state)
{
	__u32 slot = slot_of(family, place);
	struct portscan_key6 old = {};

	if (family == PORTSCAN_IPV6) {
		struct portscan_key6 *entry = bpf_map_lookup_elem(&pscan_queue6, &slot);

		if (!entry)
			return;
		old = *entry;
		*entry = *(struct portscan_key6 *)key;
	} else {
		struct portscan_key4 *entry = bpf_map_lookup_elem(&pscan_queue, &slot);

		if (!entry)
			return;
		__builtin_memcpy(&old, entry, sizeof(*entry));
		*entry = *(struct portscan_key4 *)key;
	}
	evict(family, &old, place - config.family[family].queue_slots, now, state);
}

/*
 * Before a port is recorded: a record in the older half of the queue gets a new place, and then
 * true is returned. Before, so that who removes it for its old place has seen the old word, and its
 * swap fails once the word has changed. The place is swapped in, since the memory may be another
 * record's by now: a place that is not its own would make the queue pass that one over. It is used
 * up all the same.
 */
static __always_inline bool keep_place(enum portscan_family family, const void *key,
				       struct portscan_record *record, __u64 now,
				       struct portscan_family_state *state)
{
	__u32 seen = read_place(record);
	__u64 place;

	if (places_since(state, seen) <= config.family[family].queue_slots / 2)
		return false;
	place = next_place(state);
	/* Before the slot is taken: its old key may be this very one. */
	__sync_val_compare_and_swap(&record->queue_place, seen, (__u32)place);
	enqueue(family, key, place, now, state);
	return true;
}

/*
 * A new life for the source, with one port. Returns a reason, or 0: look again, for somebody else
 * was faster, or a whole turn was. (Others may see the record a little later than this CPU reads
 * the head. One that slips through there is for the pass.)
 */
static __always_inline __u32 insert_record(enum portscan_family family, const void *key, __u16 port,
					   __u64 now, struct portscan_family_state *state)
{
	__u64 place = next_place(state);
	struct portscan_record record = {
		.port1 = port,
		.packet_timestamp = now,
		.queue_place = place,
		.life = place,
	};
	int error;

	*(__u64 *)&record = port | 1ULL << WORD_COUNT_SHIFT | tag_of(family, place) * WORD_TAG_STEP;
	enqueue(family, key, place, now, state);
	error = add_record(family, key, &record);
	if (error == -EEXIST)
		return 0;
	if (error)
		return PORTSCAN_INSERT_FAILED;
	count(PORTSCAN_INSERTED);
	return places_since(state, place) > config.family[family].queue_slots ? 0
									      : PORTSCAN_RECORDED;
}

#endif
