// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The detector: finds TCP port scanners and drops them. Per source it remembers up to
 * --max-ports destination ports of probes; a source that touches more is blocked.
 */
#include "expiry.bpf.h"
#include "judge.bpf.h"
#include "parsing.bpf.h"

/* How libxdp runs this program among others: early, and on to the next one after XDP_PASS. */
struct {
	__uint(priority, 10);
	__uint(XDP_PASS, 1);
} _xdp_port_scan_block SEC(".xdp_run_config");

__noinline int look_again(struct xdp_md *ctx);

/* From a frame to its action. */
static __always_inline int examine(struct xdp_md *ctx, enum look look)
{
	struct cursor at = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.look = look,
	};
	struct packet packet = {};
	enum packet_kind kind;
	__be16 ethertype;

	if (!parse_ethernet(&at, &ethertype))
		return look == FIRST_LOOK ? look_again(ctx) : conclude(PORTSCAN_MALFORMED);
	if (ethertype == bpf_htons(ETH_P_IP)) {
		kind = parse_ipv4(&at, &packet);
		if (look == FIRST_LOOK && kind == PACKET_UNSEEN)
			return look_again(ctx);
		return judge(PORTSCAN_IPV4, ctx, &packet, kind);
	}
	if (ethertype == bpf_htons(ETH_P_IPV6)) {
		kind = parse_ipv6(&at, &packet);
		if (look == FIRST_LOOK && kind == PACKET_UNSEEN)
			return look_again(ctx);
		return judge(PORTSCAN_IPV6, ctx, &packet, kind);
	}
	return pass(PORTSCAN_NOT_IP);
}

/* A function of its own, so that it is verified once and apart. */
__noinline int look_again(struct xdp_md *ctx)
{
	return examine(ctx, FULL_LOOK);
}

SEC("xdp.frags")
int xdp_port_scan_block(struct xdp_md *ctx)
{
	return examine(ctx, FIRST_LOOK);
}

/*
 * Run by user space through BPF_PROG_TEST_RUN; results in pscan_state. The time is the caller's,
 * since programs of this type may not call the coarse clock.
 */
SEC("syscall")
int pscan_expire(struct portscan_expire_args *args)
{
	struct portscan_state *state = shared_state();
	__u64 now = args->now;

	if (!state)
		return -1;
	begin_expiry(&state->expiry[PORTSCAN_IPV4]);
	begin_expiry(&state->expiry[PORTSCAN_IPV6]);
	bpf_for_each_map_elem(&pscan_ip_reg, expire_record4, &now, 0);
	bpf_for_each_map_elem(&pscan_ip6_reg, expire_record6, &now, 0);
	bpf_for_each_map_elem(&pscan_ports, sweep_ports4, NULL, 0);
	bpf_for_each_map_elem(&pscan_ports6, sweep_ports6, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
