/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every variant shares: the least parsing that finds source and port of a TCP probe over IPv4
 * without options, and the clock. No counters, window, allowlist or scopes: they cost the same
 * whatever the registry is.
 */
#ifndef REGISTRY_PROBE_BPF_H
#define REGISTRY_PROBE_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/portscan.h"
#include "sim/bench/registry/variants/settings.h"

const volatile struct variant_settings settings = { .refresh = 937500000ULL };

struct probe {
	struct portscan_key4 source;
	__u16 port;
	__u64 now; /* 0 until take_time() */
};

static __always_inline bool read_probe(struct xdp_md *ctx, struct probe *probe)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return false;
	if (ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP || ip->ihl != 5)
		return false;
	if (tcp->ack || tcp->rst)
		return false;
	__builtin_memcpy(&probe->source, &ip->saddr, sizeof(probe->source));
	probe->port = bpf_ntohs(tcp->dest);
	return true;
}

/* A packet of a blocked source needs no time, and the clock costs 3 ns. */
static __always_inline void take_time(struct probe *probe)
{
	probe->now = bpf_ktime_get_coarse_ns();
}

static __always_inline void refresh(__u64 *timestamp, __u64 now)
{
	if (now - *(volatile __u64 *)timestamp >= settings.refresh)
		*(volatile __u64 *)timestamp = now;
}

#endif
