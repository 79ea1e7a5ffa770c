/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least that a program can do with a frame: what all others are measured against. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int pscan_drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int pscan_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
