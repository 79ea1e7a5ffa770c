/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 4th to the 16th port of a source, where --max-ports is above three. Words are filled in order
 * and only grow, each by a compare-and-swap, so two CPUs never append the same number.
 *
 * A record that is deleted by hand leaves its ports here until the next expiry pass. Words carry
 * the life of the record that they belong to, and those of another life count as empty. Deleting
 * them when the source comes again would not do: another CPU may already have recorded a port for
 * it.
 */
#ifndef PORTSCAN_MORE_PORTS_BPF_H
#define PORTSCAN_MORE_PORTS_BPF_H

#include <asm-generic/errno-base.h>

#include "maps.bpf.h"

static __always_inline struct portscan_more_ports *find_more(enum portscan_family family,
							     const void *key)
{
	return family == PORTSCAN_IPV6 ? bpf_map_lookup_elem(&pscan_ports6, key)
				       : bpf_map_lookup_elem(&pscan_ports, key);
}

/* An error, or 0; an int, as add_record() says. */
static __always_inline int add_more(enum portscan_family family, const void *key,
				    const struct portscan_more_ports *more)
{
	return family == PORTSCAN_IPV6 ? bpf_map_update_elem(&pscan_ports6, key, more, BPF_NOEXIST)
				       : bpf_map_update_elem(&pscan_ports, key, more, BPF_NOEXIST);
}

/* The word, or 0 where it is of another life. Arithmetic for the same reason as below. */
static __always_inline __u64 word_of_life(__u64 word, __u32 life)
{
	__u32 difference = (word >> PORTSCAN_MORE_LIFE_SHIFT) ^ (life & PORTSCAN_MORE_LIFE_MASK);
	__u64 same = (difference - 1) >> 31;

	barrier_var(same); /* or clang makes a condition of it */
	return word & -same;
}

/*
 * 1 if `port` is the element `index` of a word that holds `used` ports, else 0. Arithmetic instead
 * of conditions: fifteen of those would multiply what the verifier has to follow.
 */
static __always_inline __u32 word_element_is(__u64 word, __u32 used, __u32 index, __u16 port)
{
	__u32 difference = (__u16)(word >> (index * PORTSCAN_MORE_PORT_BITS)) ^ port;
	__u32 equal = (difference - 1) >> 31;
	__u32 in_use = (used + PORTSCAN_WORD_PORTS - index) >> 2;

	return equal & in_use;
}

/* Is the port among the 4th to the 16th? `used`: how many there are. */
static __always_inline bool more_has_port(struct portscan_more_ports *more, __u32 life, __u16 port,
					  __u32 *used)
{
	__u32 found = 0, total = 0;

#pragma unroll
	for (int i = 0; i < PORTSCAN_MORE_WORDS; i++) {
		__u64 word = word_of_life(*(volatile __u64 *)&more->word[i], life);
		__u32 in_word = word >> PORTSCAN_MORE_COUNT_SHIFT & PORTSCAN_MORE_COUNT_MASK;

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
static __always_inline bool append_more(struct portscan_more_ports *more, __u32 life, __u32 used,
					__u16 port)
{
	__u64 index = used / PORTSCAN_WORD_PORTS;
	__u32 in_word = used % PORTSCAN_WORD_PORTS;
	__u64 *place, seen, word, next;

	barrier_var(index); /* or clang drops a bound that only it can see */
	if (index >= PORTSCAN_MORE_WORDS)
		return false;
	place = &more->word[index];
	seen = *(volatile __u64 *)place;
	word = word_of_life(seen, life);
	if ((word >> PORTSCAN_MORE_COUNT_SHIFT & PORTSCAN_MORE_COUNT_MASK) != in_word)
		return false;
	next = word | (__u64)(life & PORTSCAN_MORE_LIFE_MASK) << PORTSCAN_MORE_LIFE_SHIFT;
	next += (__u64)port << (in_word * PORTSCAN_MORE_PORT_BITS);
	next += 1ULL << PORTSCAN_MORE_COUNT_SHIFT;
	return __sync_val_compare_and_swap(place, seen, next) == seen;
}

/* Makes room for the 4th port, unless another CPU has. False: the map took no entry. */
static __always_inline bool prepare_more(enum portscan_family family, const void *key)
{
	struct portscan_more_ports more = {};
	int error = add_more(family, key, &more);

	return !error || error == -EEXIST;
}

#endif
