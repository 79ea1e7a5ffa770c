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
	PACKET_NOT_IP,
	PACKET_NOT_TCP, /* IP, source known */
	PACKET_SEGMENT, /* TCP that is no probe, later fragments included */
	PACKET_PROBE,   /* port known */
	PACKET_FAULT,   /* bytes within the frame could not be read */
};

struct packet {
	__u64 source[2]; /* address in network byte order; IPv4 in the first four bytes */
	__u16 port;      /* destination of a probe */
	bool ipv6;
};

/* How a packet is cut into IP fragments. */
enum fragment { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

/* A position in the frame; everything before `offset` has been read. */
struct cursor {
	struct xdp_md *ctx;
	void *data;
	void *data_end;
	__u32 offset;
};

static __always_inline __u32 frame_length(const struct cursor *at)
{
	return config.frags ? bpf_xdp_get_buff_len(at->ctx) : at->data_end - at->data;
}

static __always_inline bool frame_reaches(const struct cursor *at, __u32 end)
{
	return end <= at->data_end - at->data || end <= frame_length(at);
}

/*
 * Copies `size` bytes (a constant) from the offset on; false if the frame ends before. The copy in
 * the second branch keeps `header` out of the helper's hands and so in registers.
 */
static __always_inline bool peek(const struct cursor *at, void *header, __u32 size)
{
	__u32 offset = at->offset;
	__u8 copy[MAX_HEADER];

	if (offset > MAX_OFFSET)
		return false;
	if (at->data + offset + size <= at->data_end) {
		__builtin_memcpy(header, at->data + offset, size);
		return true;
	}
	if (!config.frags || bpf_xdp_load_bytes(at->ctx, offset, copy, size))
		return false;
	__builtin_memcpy(header, copy, size);
	return true;
}

#endif
