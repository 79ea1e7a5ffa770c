/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives each frame of a flood its own source and port, and sends it. Runs over live frames of
 * BPF_PROG_TEST_RUN, whose pages come back changed: everything that varies is written each time.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 first_source; /* host byte order */
const volatile __u32 sources = 1;  /* neighbours from there on, in turn */
const volatile __u32 ports = 1;    /* from port 1 on: another one after each turn of the sources */

__u64 frames; /* sent so far */

struct plain_frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

/* RFC 1071, of a header without options. */
static __always_inline __u16 header_checksum(const void *header)
{
	const __u16 *words = header;
	__u32 sum = 0;

#pragma unroll
	for (unsigned int i = 0; i < sizeof(struct iphdr) / sizeof(*words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

SEC("xdp")
int pscan_sender(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	struct plain_frame *frame = data;
	__u64 number = frames++;

	if ((void *)(frame + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	frame->ip.saddr = bpf_htonl(first_source + number % sources);
	frame->tcp.dest = bpf_htons(1 + number / sources % ports);
	frame->ip.check = 0;
	frame->ip.check = header_checksum(data + sizeof(struct ethhdr));
	return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
