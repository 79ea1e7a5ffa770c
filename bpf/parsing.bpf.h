/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a frame to what the detector judges (docs/detection.md, "Parsing" and "Malformed"). Lengths
 * of the IP header bound everything above it; the frame's end bounds only the IP header itself.
 */
#ifndef PORTSCAN_PARSING_BPF_H
#define PORTSCAN_PARSING_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>

#include "extensions.bpf.h"
#include "packet.bpf.h"

enum {
	MAX_TAGS = 4,

	TCP_HEADER = 20,
	TCP_PORTS = 4,      /* both ports are readable */
	TCP_FLAGS_END = 14, /* flags are readable */
	TCP_RST = 0x04,
	TCP_ACK = 0x10,

	IPV4_LEAST = 0x45, /* version and length of a header of five words, the shortest */
	IPV4_MOST = 0x4f,
	IPV4_OFFSET_MASK = 0x1fff, /* RFC 791 */
	IPV4_MORE = 0x2000,
};

/* As linux/if_ether.h has it, but not packed: a packed one is read byte by byte. */
struct ethernet_header {
	__u8 destination[ETH_ALEN];
	__u8 source[ETH_ALEN];
	__be16 ethertype;
};

struct vlan_tag {
	__be16 tci;
	__be16 ethertype;
};

/* As linux/ip.h has it, but without bit fields. */
struct ipv4_header {
	__u8 version_words; /* version in the upper four bits, length in 32-bit words in the lower
			     */
	__u8 service;
	__be16 total_length;
	__be16 id;
	__be16 fragment; /* IPV4_MORE and IPV4_OFFSET_MASK */
	__u8 time_to_live;
	__u8 protocol;
	__be16 checksum;
	__be32 source;
	__be32 destination;
};

/* As linux/ipv6.h has it, but with addresses in words. */
struct ipv6_header {
	__u8 version_class; /* version in the upper four bits */
	__u8 class_flow[3];
	__be16 payload_length;
	__u8 next;
	__u8 hop_limit;
	__u64 source_be[2];
	__u64 destination_be[2];
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
 * Ethertype behind at most MAX_TAGS tags. A fifth tag is not looked into: its own
 * type stands there, which is not IP.
 */
static __always_inline bool parse_ethernet(struct cursor *at, __be16 *ethertype)
{
	struct ethernet_header ethernet_copy;
	const struct ethernet_header *ethernet;

	if (!peek(at, (const void **)&ethernet, &ethernet_copy, sizeof(ethernet_copy)))
		return false;
	at->offset += sizeof(*ethernet);
	*ethertype = ethernet->ethertype;
#pragma unroll
	for (int i = 0; i < MAX_TAGS; i++) {
		struct vlan_tag tag_copy;
		const struct vlan_tag *tag;

		if (*ethertype != bpf_htons(ETH_P_8021Q) && *ethertype != bpf_htons(ETH_P_8021AD))
			return true;
		if (!peek(at, (const void **)&tag, &tag_copy, sizeof(tag_copy)))
			return false;
		at->offset += sizeof(*tag);
		*ethertype = tag->ethertype;
	}
	return true;
}

static __always_inline enum packet_kind kind_by_flags(const struct tcp_lead *tcp,
						      struct packet *packet)
{
	if (tcp->flags & (TCP_ACK | TCP_RST))
		return PACKET_SEGMENT;
	packet->port = bpf_ntohs(tcp->destination);
	return PACKET_PROBE;
}

/* `length`: bytes of TCP in this packet by the IP header. */
static __always_inline enum packet_kind parse_tcp(const struct cursor *at, __u32 length,
						  struct packet *packet)
{
	const struct tcp_lead *tcp;
	struct tcp_lead copy;
	__u32 header;

	if (length < TCP_HEADER)
		return PACKET_MALFORMED;
	if (!peek(at, (const void **)&tcp, &copy, TCP_FLAGS_END))
		return unseen_or(at, PACKET_FAULT);
	header = (tcp->data_offset >> 4) * 4;
	if (header < TCP_HEADER || header > length)
		return PACKET_MALFORMED;
	return kind_by_flags(tcp, packet);
}

/* The same of a first fragment. Without flags (nmap -f) it is a probe. */
static __always_inline enum packet_kind parse_first_fragment(const struct cursor *at, __u32 length,
							     struct packet *packet)
{
	const struct tcp_lead *tcp;
	struct tcp_lead copy;

	if (length < TCP_PORTS)
		return PACKET_MALFORMED;
	if (length < TCP_FLAGS_END) {
		if (!peek(at, (const void **)&tcp, &copy, TCP_PORTS))
			return unseen_or(at, PACKET_FAULT);
		packet->port = bpf_ntohs(tcp->destination);
		return PACKET_PROBE;
	}
	if (!peek(at, (const void **)&tcp, &copy, TCP_FLAGS_END))
		return unseen_or(at, PACKET_FAULT);
	return kind_by_flags(tcp, packet);
}

static __always_inline enum packet_kind parse_ipv4(struct cursor *at, struct packet *packet)
{
	struct ipv4_header copy;
	const struct ipv4_header *ip;
	__u32 header, length;

	if (!peek(at, (const void **)&ip, &copy, sizeof(copy)))
		return unseen_or(at, PACKET_MALFORMED);
	if (ip->version_words < IPV4_LEAST || ip->version_words > IPV4_MOST)
		return PACKET_MALFORMED;
	header = (ip->version_words & 0xf) * 4;
	length = bpf_ntohs(ip->total_length);
	if (length == 0) { /* larger than 65,535, by segmentation offload: up to the frame's end */
		if (at->look == FIRST_LOOK)
			return PACKET_UNSEEN;
		length = frame_length(at) - at->offset;
	}
	if (length < header)
		return PACKET_MALFORMED;
	if (!frame_reaches(at, at->offset + length))
		return unseen_or(at, PACKET_MALFORMED);

	packet->source[0] = ip->source;
	if (ip->protocol != IPPROTO_TCP)
		return PACKET_NOT_TCP;
	at->offset += header;
	length -= header;
	if (!(ip->fragment & bpf_htons(IPV4_OFFSET_MASK | IPV4_MORE)))
		return parse_tcp(at, length, packet);
	if (ip->fragment & bpf_htons(IPV4_OFFSET_MASK))
		return PACKET_SEGMENT;
	return parse_first_fragment(at, length, packet);
}

/* `end`: of the payload, as an offset in the frame. */
static __always_inline enum packet_kind parse_extensions(struct cursor *at, __u8 next, __u32 end,
							 struct packet *packet)
{
	__u64 walk = walk_extensions(at->ctx, at->offset, next, end);
	enum packet_kind kind = (walk >> 48) & 0xff;

	if (kind != PACKET_PROBE)
		return kind;
	at->offset = walk & MAX_OFFSET;
	/* The callee's packet pointers say nothing here; the lengths do. */
	if (at->offset > end)
		return PACKET_FAULT;
	if (((walk >> 32) & 0xff) != IPPROTO_TCP)
		return PACKET_NOT_TCP;
	if ((walk >> 40) & 0xff)
		return parse_first_fragment(at, end - at->offset, packet);
	return parse_tcp(at, end - at->offset, packet);
}

static __always_inline enum packet_kind parse_ipv6(struct cursor *at, struct packet *packet)
{
	struct ipv6_header copy;
	const struct ipv6_header *ip;
	__u32 length, end;

	if (!peek(at, (const void **)&ip, &copy, sizeof(copy)))
		return unseen_or(at, PACKET_MALFORMED);
	length = bpf_ntohs(ip->payload_length);
	at->offset += sizeof(*ip);
	end = at->offset + length;
	if (ip->version_class >> 4 != 6)
		return PACKET_MALFORMED;
	if (!frame_reaches(at, end))
		return unseen_or(at, PACKET_MALFORMED);
	packet->source[0] = ip->source_be[0];
	packet->source[1] = ip->source_be[1];
	if (length == 0) /* a jumbogram (RFC 2675), or nothing at all */
		return PACKET_NOT_TCP;
	if (ip->next == IPPROTO_TCP)
		return parse_tcp(at, length, packet);
	if (!is_extension(ip->next))
		return PACKET_NOT_TCP;
	return at->look == FIRST_LOOK ? PACKET_UNSEEN : parse_extensions(at, ip->next, end, packet);
}

#endif
