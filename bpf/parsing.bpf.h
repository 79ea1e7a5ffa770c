/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a frame to what the detector judges (SPEC section 1, "Parsing" and "Malformed"). Lengths of
 * the IP header bound everything above it; the frame's end bounds only the IP header itself.
 */
#ifndef PORTSCAN_PARSING_BPF_H
#define PORTSCAN_PARSING_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "maps.bpf.h"

enum {
	MAX_TAGS = 4,
	MAX_EXTENSIONS = 8,
	MAX_HEADER = 40,       /* largest single read */
	MAX_OFFSET = 0x7fff,   /* lets the verifier bound packet pointers */
	MIN_ETHERTYPE = 0x600, /* below: an 802.3 length */

	TCP_HEADER = 20,
	TCP_PORTS = 4,      /* both ports are readable */
	TCP_FLAGS_END = 14, /* flags are readable */
	TCP_RST = 0x04,
	TCP_ACK = 0x10,

	IPV4_OFFSET_MASK = 0x1fff, /* RFC 791 */
	IPV4_MORE = 0x2000,
	IPV6_OFFSET_MASK = 0xfff8, /* RFC 8200, section 4.5 */
	IPV6_MORE = 0x0001,
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AUTH = 51,
	NEXT_DESTINATION = 60,
	NEXT_MOBILITY = 135,
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

/* A position in the frame; everything before `offset` has been read. */
struct cursor {
	struct xdp_md *ctx;
	void *data;
	void *data_end;
	__u32 offset;
};

/* How a packet is cut into IP fragments. */
enum fragment { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

struct vlan_tag {
	__be16 tci;
	__be16 ethertype;
};

struct extension_header {
	__u8 next;
	__u8 length;
	__be16 offset_more; /* of a fragment header */
};

/* The leading bytes of a TCP header that a decision needs. */
struct tcp_lead {
	__be16 source;
	__be16 destination;
	__be32 sequence;
	__be32 acknowledgment;
	__u8 data_offset; /* in 32-bit words, upper four bits */
	__u8 flags;
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

/*
 * Ethertype behind at most MAX_TAGS tags, host byte order. A fifth tag is not looked into: its own
 * type stands there, which is not IP.
 */
static __always_inline bool parse_ethernet(struct cursor *at, __u16 *ethertype)
{
	struct ethhdr ethernet;
	struct vlan_tag tag;

	if (!peek(at, &ethernet, sizeof(ethernet)))
		return false;
	at->offset += sizeof(ethernet);
	*ethertype = bpf_ntohs(ethernet.h_proto);
#pragma unroll
	for (int i = 0; i < MAX_TAGS; i++) {
		if (*ethertype != ETH_P_8021Q && *ethertype != ETH_P_8021AD)
			return true;
		if (!peek(at, &tag, sizeof(tag)))
			return false;
		at->offset += sizeof(tag);
		*ethertype = bpf_ntohs(tag.ethertype);
	}
	return true;
}

/* `length`: bytes of TCP in this packet by the IP header. */
static __always_inline enum packet_kind parse_tcp(const struct cursor *at, __u32 length,
						  enum fragment fragment, struct packet *packet)
{
	struct tcp_lead tcp;

	if (fragment == FRAGMENT_FIRST && length < TCP_FLAGS_END) {
		__be16 ports[2];

		if (length < TCP_PORTS)
			return PACKET_MALFORMED;
		if (!peek(at, ports, sizeof(ports)))
			return PACKET_FAULT;
		packet->port = bpf_ntohs(ports[1]);
		return PACKET_PROBE;
	}
	if (fragment == FRAGMENT_NONE && length < TCP_HEADER)
		return PACKET_MALFORMED;
	if (!peek(at, &tcp, TCP_FLAGS_END))
		return PACKET_FAULT;
	if (fragment == FRAGMENT_NONE) {
		__u32 header = (tcp.data_offset >> 4) * 4;

		if (header < TCP_HEADER || header > length)
			return PACKET_MALFORMED;
	}
	if (tcp.flags & (TCP_ACK | TCP_RST))
		return PACKET_SEGMENT;
	packet->port = bpf_ntohs(tcp.destination);
	return PACKET_PROBE;
}

static __always_inline enum packet_kind parse_ipv4(struct cursor *at, struct packet *packet)
{
	struct iphdr ip;
	__u32 header, length, fragment;

	if (!peek(at, &ip, sizeof(ip)))
		return PACKET_MALFORMED;
	header = ip.ihl * 4;
	length = bpf_ntohs(ip.tot_len);
	if (ip.version != 4 || header < sizeof(ip) || !frame_reaches(at, at->offset + header))
		return PACKET_MALFORMED;
	if (length == 0) /* larger than 65,535, by segmentation offload: up to the frame's end */
		length = frame_length(at) - at->offset;
	else if (length < header || !frame_reaches(at, at->offset + length))
		return PACKET_MALFORMED;

	__builtin_memcpy(packet->source, &ip.saddr, sizeof(ip.saddr));
	if (ip.protocol != IPPROTO_TCP)
		return PACKET_NOT_TCP;
	fragment = bpf_ntohs(ip.frag_off);
	if (fragment & IPV4_OFFSET_MASK)
		return PACKET_SEGMENT;
	at->offset += header;
	return parse_tcp(at, length - header, fragment & IPV4_MORE ? FRAGMENT_FIRST : FRAGMENT_NONE,
			 packet);
}

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
	__u8 fragment;   /* enum fragment */
	__u8 fragmented; /* a fragment header was seen */
	__u8 kind;       /* enum packet_kind: PACKET_PROBE while the walk goes on */
};

/* One header; false where the walk ends. `end`: of the payload, as an offset in the frame. */
static __always_inline bool step_extension(struct cursor *at, __u32 end,
					   struct extension_walk *walk)
{
	struct extension_header header;
	__u32 length;

	if (!is_extension(walk->next))
		return false;
	walk->kind = PACKET_MALFORMED;
	if (walk->offset + 8 > end)
		return false;
	at->offset = walk->offset;
	if (!peek(at, &header, sizeof(header))) {
		walk->kind = PACKET_FAULT;
		return false;
	}
	length = extension_length(walk->next, header.length);
	if (walk->offset + length > end)
		return false;
	if (walk->next == NEXT_FRAGMENT) {
		__u16 offset_more = bpf_ntohs(header.offset_more);

		walk->kind = PACKET_NOT_TCP;
		if (walk->fragmented)
			return false;
		walk->fragmented = 1;
		if (offset_more & IPV6_OFFSET_MASK) {
			if (header.next == IPPROTO_TCP)
				walk->kind = PACKET_SEGMENT;
			return false;
		}
		/* Neither offset nor more: atomic (RFC 6946), the same as unfragmented. */
		walk->fragment = offset_more & IPV6_MORE ? FRAGMENT_FIRST : FRAGMENT_NONE;
	}
	walk->kind = PACKET_PROBE;
	walk->offset += length;
	walk->next = header.next;
	return true;
}

/*
 * Packets with extension headers, apart from the common path so that it stays short and this is
 * verified once. Returns the walk packed into a scalar: offset, next, fragment and kind.
 */
__noinline __u64 walk_extensions(struct xdp_md *ctx, __u32 offset, __u32 next, __u32 end)
{
	struct cursor at = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
	};
	struct extension_walk walk = { .offset = offset & MAX_OFFSET,
				       .next = next,
				       .kind = PACKET_PROBE };

	for (int i = 0; i < MAX_EXTENSIONS; i++)
		if (!step_extension(&at, end, &walk))
			break;
	return (__u64)walk.offset | (__u64)walk.next << 32 | (__u64)walk.fragment << 40 |
	       (__u64)walk.kind << 48;
}

static __always_inline enum packet_kind parse_ipv6(struct cursor *at, struct packet *packet)
{
	enum fragment fragment = FRAGMENT_NONE;
	struct ipv6hdr ip;
	__u32 length, end;
	__u8 next;

	if (!peek(at, &ip, sizeof(ip)))
		return PACKET_MALFORMED;
	length = bpf_ntohs(ip.payload_len);
	at->offset += sizeof(ip);
	end = at->offset + length;
	if (ip.version != 6 || !frame_reaches(at, end))
		return PACKET_MALFORMED;
	__builtin_memcpy(packet->source, &ip.saddr, sizeof(ip.saddr));
	packet->ipv6 = true;
	if (length == 0) /* a jumbogram (RFC 2675), or nothing at all */
		return PACKET_NOT_TCP;

	next = ip.nexthdr;
	if (is_extension(next)) {
		__u64 walk = walk_extensions(at->ctx, at->offset, next, end);
		enum packet_kind kind = (walk >> 48) & 0xff;

		if (kind != PACKET_PROBE)
			return kind;
		at->offset = walk & MAX_OFFSET;
		next = (walk >> 32) & 0xff;
		fragment = (walk >> 40) & 0xff;
		/* The callee's packet pointers say nothing here; the lengths do. */
		if (at->offset > end)
			return PACKET_FAULT;
	}
	if (next != IPPROTO_TCP)
		return PACKET_NOT_TCP;
	return parse_tcp(at, end - at->offset, fragment, packet);
}

static __always_inline enum packet_kind parse_frame(struct xdp_md *ctx, struct packet *packet)
{
	struct cursor at = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
	};
	__u16 ethertype;

	if (!parse_ethernet(&at, &ethertype))
		return PACKET_MALFORMED;
	if (ethertype == ETH_P_IP)
		return parse_ipv4(&at, packet);
	if (ethertype == ETH_P_IPV6)
		return parse_ipv6(&at, packet);
	return PACKET_NOT_IP;
}

#endif
