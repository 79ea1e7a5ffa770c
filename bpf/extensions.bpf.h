/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 extension headers (RFC 8200, section 4). */
#ifndef PORTSCAN_EXTENSIONS_BPF_H
#define PORTSCAN_EXTENSIONS_BPF_H

#include <linux/in.h>

#include "packet.bpf.h"

enum {
	MAX_EXTENSIONS = 8,
	IPV6_OFFSET_MASK = 0xfff8, /* RFC 8200, section 4.5 */
	IPV6_MORE = 0x0001,
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AUTH = 51,
	NEXT_DESTINATION = 60,
	NEXT_MOBILITY = 135,
};

struct extension_header {
	__u8 next;
	__u8 length;
	__be16 offset_more; /* of a fragment header */
};

static __always_inline bool is_extension(__u8 next)
{
	return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_DESTINATION ||
	       next == NEXT_FRAGMENT || next == NEXT_AUTH || next == NEXT_MOBILITY;
}

static __always_inline __u32 extension_length(__u8 next, __u8 length)
{
	if (next == NEXT_FRAGMENT)
		return 8;
	return next == NEXT_AUTH ? (length + 2) * 4 : (length + 1) * 8;
}

/* Where the walk over extension headers stands; as scalars, for the verifier's sake. */
struct extension_walk {
	__u32 offset;
	__u8 next;
	__u8 first;      /* a first fragment */
	__u8 fragmented; /* a fragment header was seen */
	__u8 kind;       /* enum packet_kind: PACKET_PROBE while the walk goes on */
};

/* One header; false where the walk ends. `end`: of the payload, as an offset in the frame. */
static __always_inline bool step_extension(struct cursor *at, __u32 end,
					   struct extension_walk *walk)
{
	struct extension_header copy;
	const struct extension_header *header;
	__u32 length;

	if (!is_extension(walk->next))
		return false;
	walk->kind = PACKET_MALFORMED;
	if (walk->offset + 8 > end)
		return false;
	at->offset = walk->offset;
	if (!peek(at, (const void **)&header, &copy, sizeof(copy))) {
		walk->kind = PACKET_FAULT;
		return false;
	}
	length = extension_length(walk->next, header->length);
	if (walk->offset + length > end)
		return false;
	if (walk->next == NEXT_FRAGMENT) {
		__u16 offset_more = bpf_ntohs(header->offset_more);

		walk->kind = PACKET_NOT_TCP;
		if (walk->fragmented)
			return false;
		walk->fragmented = 1;
		if (offset_more & IPV6_OFFSET_MASK) {
			if (header->next == IPPROTO_TCP)
				walk->kind = PACKET_SEGMENT;
			return false;
		}
		/* Neither offset nor more: atomic (RFC 6946), the same as unfragmented. */
		walk->first = offset_more & IPV6_MORE;
	}
	walk->kind = PACKET_PROBE;
	walk->offset += length;
	walk->next = header->next;
	return true;
}

/*
 * Packets with extension headers, apart from the common path so that it stays short and this is
 * verified once. Returns the walk packed into a scalar: offset, next, first and kind.
 */
__noinline __u64 walk_extensions(struct xdp_md *ctx, __u32 offset, __u32 next, __u32 end)
{
	struct cursor at = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.look = FULL_LOOK,
	};
	struct extension_walk walk = { .offset = offset & MAX_OFFSET,
				       .next = next,
				       .kind = PACKET_PROBE };

	for (int i = 0; i < MAX_EXTENSIONS; i++)
		if (!step_extension(&at, end, &walk))
			break;
	return (__u64)walk.offset | (__u64)walk.next << 32 | (__u64)walk.first << 40 |
	       (__u64)walk.kind << 48;
}

#endif
