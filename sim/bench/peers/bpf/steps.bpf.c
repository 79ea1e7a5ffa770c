// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lies between a bare XDP_DROP and the detector that drops a blocked scanner, for `ci/peers
 * --steps`: each program does one thing more than the one before, by the detector's own functions,
 * and drops.
 */
#include "bpf/judge.bpf.h"

static __always_inline enum packet_kind read_frame(struct xdp_md *ctx, struct packet *packet)
{
	struct cursor at = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.look = FIRST_LOOK,
	};
	__be16 ethertype;

	if (!parse_ethernet(&at, &ethertype) || ethertype != bpf_htons(ETH_P_IP))
		return PACKET_UNSEEN;
	return parse_ipv4(&at, packet);
}

/* One byte of the frame: what it costs to have it in the caches. */
SEC("xdp.frags")
int pscan_touch(struct xdp_md *ctx)
{
	const __u8 *frame = (const __u8 *)(long)ctx->data;

	if (frame + 1 > (const __u8 *)(long)ctx->data_end)
		return XDP_PASS;
	return *frame == 0xff ? XDP_PASS : XDP_DROP;
}

/* Parsed, down to the flags. */
SEC("xdp.frags")
int pscan_parse(struct xdp_md *ctx)
{
	struct packet packet = {};

	return read_frame(ctx, &packet) == PACKET_PROBE ? XDP_DROP : XDP_PASS;
}

/* And its source looked up. */
SEC("xdp.frags")
int pscan_look_up(struct xdp_md *ctx)
{
	struct portscan_record *record;
	struct packet packet = {};
	struct portscan_key6 key;

	if (read_frame(ctx, &packet) != PACKET_PROBE)
		return XDP_PASS;
	record = find_record_of(PORTSCAN_IPV4, &packet, &key);
	return record && is_blocked(record, read_word(record)) ? XDP_DROP : XDP_PASS;
}

/* And counted: what the detector does with a probe of a blocked source, but for its other ways. */
SEC("xdp.frags")
int pscan_count(struct xdp_md *ctx)
{
	struct portscan_record *record;
	struct packet packet = {};
	struct portscan_key6 key;

	if (read_frame(ctx, &packet) != PACKET_PROBE)
		return XDP_PASS;
	count(PORTSCAN_PROBES);
	record = find_record_of(PORTSCAN_IPV4, &packet, &key);
	return record && is_blocked(record, read_word(record)) ? drop(PORTSCAN_BLOCKED) : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
