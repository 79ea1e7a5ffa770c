/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling user space that a source became blocked: pscan_events. */
#ifndef PORTSCAN_EVENTS_BPF_H
#define PORTSCAN_EVENTS_BPF_H

#include "more_ports.bpf.h"
#include "registry.bpf.h"

/* `more` may be NULL. A ring that is full is counted; the block stands. */
static __always_inline void emit_event(enum portscan_family family, const void *key,
				       struct xdp_md *ctx, __u64 word,
				       const struct portscan_more_ports *more, __u32 life,
				       __u16 port, __u64 now)
{
	struct portscan_event *event = bpf_ringbuf_reserve(&pscan_events, sizeof(*event), 0);
	__u32 used = word_count(word);

	if (!event) {
		count(PORTSCAN_EVENTS_LOST);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time = now;
	__builtin_memcpy(event->address, key, family == PORTSCAN_IPV6 ? 16 : 4);
	event->ifindex = ctx->ingress_ifindex;
	event->ports[0] = word;
	event->ports[1] = word >> 16;
	event->ports[2] = word >> 32;
	event->trigger_port = port;
	event->family = family;
	event->prefix_length = prefix_length(family, event->address);
	event->dry_run = config.dry_run;
	if (more) {
#pragma unroll
		for (int i = 0; i < PORTSCAN_MORE_WORDS; i++) {
			__u64 ports = word_of_life(more->word[i], life);

			event->ports[3 + i * 3] = ports;
			if (i < PORTSCAN_MORE_WORDS - 1) {
				event->ports[4 + i * 3] = ports >> 16;
				event->ports[5 + i * 3] = ports >> 32;
			}
			used += ports >> PORTSCAN_MORE_COUNT_SHIFT & PORTSCAN_MORE_COUNT_MASK;
		}
	}
	event->count = used;
	bpf_ringbuf_submit(event, 0);
}

#endif
