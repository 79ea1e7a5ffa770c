/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What parsing makes of a frame, and how parsers read it, over as many buffers as it has. */
#ifndef PORTSCAN_PACKET_BPF_H
#define PORTSCAN_PACKET_BPF_H

#include "maps.bpf.h"

enum {
	MAX_HEADER = 40,     /* largest single read */
	MAX_OFFSET = 0x7fff, /* lets the verifier bound packet pointers */
};

enum packet_kind {
	PACKET_MALFORMED = 0,
	PACKET_NOT_TCP, /* IP, source known */
	PACKET_SEGMENT, /* TCP that is no probe, later fragments included */
	PACKET_PROBE,   /* port known */
	PACKET_FAULT,   /* bytes within the frame could not be read */
	PACKET_UNSEEN,  /* the first look does not tell */
};

struct packet {
	__u64 source[2]; /* address in network byte order; IPv4 in the first four bytes */
	__u16 port;      /* destination of a probe */
};

/*
 * The same parsers are compiled twice. The first look sees the first buffer and no extension
 * headers, which is enough for nearly every packet; it calls no helper, and so all that is read
 * stays in registers. Where it does not tell, the full look decides, from the start (DESIGN.md,
 * 12).
 */
enum look { FIRST_LOOK, FULL_LOOK };

/* A position in the frame; everything before `offset` has been read. */
struct cursor {
	struct xdp_md *ctx;
	void *data;
	void *data_end;
	__u32 offset;
	enum look look; /* a constant wherever parsers are inlined */
};

static __always_inline __u32 frame_length(const struct cursor *at)
{
	return config.frags ? bpf_xdp_get_buff_len(at->ctx) : at->data_end - at->data;
}

static __always_inline bool frame_reaches(const struct cursor *at, __u32 end)
{
	return end <= at->data_end - at->data || (at->look == FULL_LOOK && end <= frame_length(at));
}

/*
 * Points `header` at the `size` bytes (a constant) from the offset on: in place where the first
 * buffer has them, else in `copy`. False if the frame ends before.
 */
static __always_inline bool peek(const struct cursor *at, const void **header, void *copy,
				 __u32 size)
{
	__u32 offset = at->offset;
	void *begin;

	if (offset > MAX_OFFSET)
		return false;
	begin = at->data + offset;
	barrier_var(begin); /* or clang adds them up twice, and only one sum has been checked */
	if (begin + size <= at->data_end) {
		*header = begin;
		return true;
	}
	if (at->look == FIRST_LOOK || !config.frags ||
	    bpf_xdp_load_bytes(at->ctx, offset, copy, size))
		return false;
	*header = copy;
	return true;
}

/* Where bytes are missing: at the first look only the first buffer has been seen to end. */
static __always_inline enum packet_kind unseen_or(const struct cursor *at, enum packet_kind kind)
{
	return at->look == FIRST_LOOK ? PACKET_UNSEEN : kind;
}

#endif
