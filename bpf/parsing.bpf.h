/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a frame to what the detector judges (docs/detection.md, "Parsing" and "Malformed"). Lengths
 * of the IP header bound everything above it; the frame's end bounds only the IP header itself.
 */
#ifndef PORTSCAN_PARSING_BPF_H
#define PORTSCAN_PARSING_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "extensions.bpf.h"
#include "packet.bpf.h"

enum {
	MAX_TAGS = 4,

	TCP_HEADER = 20,
	TCP_PORTS = 4,      /* both ports are readable */
	TCP_FLAGS_END = 14, /* flags are readable */
	TCP_RST = 0x04,
	TCP_ACK = 0x10,

	IPV4_OFFSET_MASK = 0x1fff, /* RFC 791 */
	IPV4_MORE = 0x2000,
};

struct vlan_tag {
	__be16 tci;
	__be16 ethertype;
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
