// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The detector: finds TCP port scanners and drops them. Per source it remembers up to
 * --max-ports destination ports of probes; a source that touches more is blocked.
 */
#include "decision.bpf.h"
#include "expiry.bpf.h"
#include "parsing.bpf.h"

/* How libxdp runs this program among others: early, and on to the next one after XDP_PASS. */
struct {
	__uint(priority, 10);
	__uint(XDP_PASS, 1);
} _xdp_port_scan_block SEC(".xdp_run_config");

static __always_inline __u32 judge_packet(struct xdp_md *ctx, const struct packet *packet,
					  enum packet_kind kind)
{
	__u32 reason;

	if (packet->ipv6) {
		struct portscan_key6 key;

		ipv6_key(&key, packet->source);
		reason = judge(PORTSCAN_IPV6, &key, packet, kind);
	} else {
		struct portscan_key4 key;

		__builtin_memcpy(&key, packet->source, sizeof(key));
		reason = judge(PORTSCAN_IPV4, &key, packet, kind);
	}
	return reason ? reason : judge_probe(ctx, packet);
}

SEC("xdp.frags")
int xdp_port_scan_block(struct xdp_md *ctx)
{
	struct packet packet = {};
	enum packet_kind kind = parse_frame(ctx, &packet);

	if (kind == PACKET_MALFORMED)
		return conclude(PORTSCAN_MALFORMED);
	if (kind == PACKET_NOT_IP)
		return conclude(PORTSCAN_NOT_IP);
	if (kind == PACKET_FAULT)
		return conclude(PORTSCAN_FAULT);
	if (kind == PACKET_PROBE)
		count(PORTSCAN_PROBES);
	return conclude(judge_packet(ctx, &packet, kind));
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
