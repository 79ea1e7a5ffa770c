/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data that the XDP program and user space share: configuration, keys, values, events and
 * counter ids. Plain data only; sizes and offsets are asserted at the end. Fields named *_be are in
 * network byte order, all others in the host's. Padding is explicit and always zero.
 */
#ifndef PORTSCAN_H
#define PORTSCAN_H

#include <linux/types.h>

/* Limits of the options (docs/detection.md). */
enum {
	PORTSCAN_MAX_PORTS = 16,     /* --max-ports at most */
	PORTSCAN_RECORD_PORTS = 3,   /* ports kept in a record itself */
	PORTSCAN_WORD_PORTS = 3,     /* ports kept in one word of portscan_more_ports */
	PORTSCAN_MORE_WORDS = 5,     /* words for the 4th to the 16th port */
	PORTSCAN_IGNORE_WORDS = 1024 /* 64 ports a word */
};

/*
 * Raised with each change of a structure below. Who raises it teaches loader/migration.h to read
 * the layout before; state of one that is not known is refused.
 */
enum { PORTSCAN_LAYOUT = 1 };

enum portscan_family { PORTSCAN_IPV4 = 0, PORTSCAN_IPV6 = 1, PORTSCAN_FAMILIES = 2 };

enum portscan_scope { PORTSCAN_SCOPE_TCP = 0, PORTSCAN_SCOPE_PROBES = 1, PORTSCAN_SCOPE_ALL = 2 };

/* Limits of one address family. */
struct portscan_family_config {
	__u32 queue_slots; /* max-sources less max-blocked: records that may be unblocked */
	__u32 max_blocked; /* records that may be blocks */
};

/* Options: set between open and load, constant for the verifier. Times in ns. */
struct portscan_config {
	__u64 window;          /* age at which a record starts afresh */
	__u64 block_for;       /* duration of a block; 0: until unblocked */
	__u64 refresh;         /* a timestamp is rewritten when it is this old; 1 or more */
	__u64 ipv6_mask_be[2]; /* --ipv6-prefix as a mask */
	struct portscan_family_config family[PORTSCAN_FAMILIES];
	__u32 max_ports;    /* 1..PORTSCAN_MAX_PORTS */
	__u32 scope;        /* enum portscan_scope */
	__u8 dry_run;       /* decide and record, pass everything */
	__u8 ignores_ports; /* portscan_ignored_ports has a bit set */
	__u8 frags;         /* loaded as xdp.frags: frames may span buffers */
	__u8 ipv6_prefix;   /* 32..128, for events */
	__u32 layout;       /* PORTSCAN_LAYOUT; stays at this place */
};

/* Key of pscan_ip_reg: the address in network byte order. */
struct portscan_key4 {
	__u8 address[4];
};

/* Key of pscan_ip6_reg: the masked prefix, or the whole address where it is link-local. */
struct portscan_key6 {
	__u8 address[16];
};

/*
 * Value of pscan_ip_reg and pscan_ip6_reg. The first eight bytes are one word that the program
 * swaps atomically (bpf/registry.bpf.h), so that a reader always sees ports that belong together.
 */
struct portscan_record {
	__u16 port1, port2, port3; /* recorded ports in order, 0 until used */
	__u8 blocked;              /* 0 or 1 */
	__u8 count : 5;            /* how many of port1..port3 are used, or PORTSCAN_COUNT_DEAD */
	__u8 tag : 3;              /* differs between lives of the same memory */
	__u64 packet_timestamp;    /* CLOCK_MONOTONIC ns: last refresh, or the block */
	__u32 queue_place;         /* where pscan_queue* last put it, modulo 2^32 */
	__u32 block_ifindex;       /* of a block: interface of the trigger; 0: by hand */
	__u16 trigger_port;        /* of a block: the port that was one too many */
	__u8 manual;               /* of a block: 1 if made by hand */
	__u8 dry_run;              /* of a block: 1 if decided in a dry run */
	__u32 life;                /* differs from one record of a source to its next */
};

enum { PORTSCAN_COUNT_DEAD = 31 }; /* portscan_record.count while a record is being removed */

/*
 * Value of pscan_ports and pscan_ports6: the 4th to the 16th port of a source, three a word and
 * filled in order. A word holds ports in bits 0-15, 16-31, 32-47, how many in bits 48-49, and in
 * bits 50-63 as much as fits of its record's `life`. A word of another life counts as empty.
 */
struct portscan_more_ports {
	__u64 word[PORTSCAN_MORE_WORDS];
};

enum {
	PORTSCAN_MORE_PORT_BITS = 16,
	PORTSCAN_MORE_COUNT_SHIFT = 48,
	PORTSCAN_MORE_COUNT_MASK = 0x3,
	PORTSCAN_MORE_LIFE_SHIFT = 50,
	PORTSCAN_MORE_LIFE_MASK = 0x3fff
};

/* Keys of pscan_allow and pscan_allow6 (BPF_MAP_TYPE_LPM_TRIE). */
struct portscan_allow_key4 {
	__u32 prefix_length; /* 0..32 */
	__u8 address[4];
};
struct portscan_allow_key6 {
	__u32 prefix_length; /* 0..128 */
	__u8 address[16];
};

enum portscan_allow_origin {
	PORTSCAN_ALLOW_AUTO = 1,
	PORTSCAN_ALLOW_CONFIG = 2,
	PORTSCAN_ALLOW_MANUAL = 4
};

/* Value of the allowlists; for the program an entry's presence is all that counts. */
struct portscan_allow_value {
	__u64 until;   /* CLOCK_MONOTONIC ns at which user space takes it out; 0: stays */
	__u32 origins; /* enum portscan_allow_origin, or-ed */
	__u32 padding;
};

/* One family's part of pscan_state, on cache lines of its own. */
struct portscan_family_state {
	__u64 queue_head; /* places in the queue given out so far */
	__u32 blocked;    /* records that are blocks, corrected by each expiry pass */
	__u32 hand_begun; /* blocks made or lifted by user space: begun, */
	__u32 hand_ended; /* and ended, so that a pass knows what it overlaps with */
	__u32 padding32;
	__u64 padding[5];
};

/* Context of pscan_expire. */
struct portscan_expire_args {
	__u64 now; /* CLOCK_MONOTONIC ns, not ahead of the coarse clock */
};

/* What the last expiry pass did with one family. Times in ns. */
struct portscan_expiry {
	__u64 sources_freed;
	__u64 blocks_freed;
	__u64 sources_left; /* blocks included */
	__u64 blocks_left;
	__u64 next_due; /* earliest time at which something left is too old */
	__u64 padding[3];
};

/* The only element of pscan_state. */
struct portscan_state {
	struct portscan_family_state family[PORTSCAN_FAMILIES];
	struct portscan_expiry expiry[PORTSCAN_FAMILIES];
	__u32 allow6_inside; /* entries of pscan_allow6_in */
	__u32 allow_changed; /* allowlist grew since the last pass: lift blocks that it covers */
	__u32 padding[14];
};

/* A record of pscan_events: a source became blocked. */
struct portscan_event {
	__u64 time;       /* CLOCK_MONOTONIC ns */
	__u8 address[16]; /* IPv4 in the first four bytes */
	__u32 ifindex;    /* interface by which the trigger came */
	__u16 ports[PORTSCAN_MAX_PORTS];
	__u16 trigger_port;
	__u8 count;         /* used elements of ports */
	__u8 family;        /* enum portscan_family */
	__u8 prefix_length; /* 32..128 */
	__u8 dry_run;
	__u8 padding[6];
};

/*
 * Keys of pscan_stats. The first seven are what dashboards of this detector's ancestor read; each
 * packet counts in exactly one of the first five. Then one counter a reason, in which each packet
 * counts exactly once as well, then happenings.
 */
enum portscan_counter {
	PORTSCAN_XDP_ABORTED = 0, /* malformed and passed, or aborted by a fault */
	PORTSCAN_XDP_DROP = 1,
	PORTSCAN_XDP_PASS = 2,
	PORTSCAN_XDP_TX = 3,
	PORTSCAN_XDP_REDIRECT = 4,
	PORTSCAN_PROBES = 5,        /* well-formed probes, whatever became of them */
	PORTSCAN_REGISTRY_SIZE = 6, /* records at the last expiry pass */

	PORTSCAN_MALFORMED = 7, /* passed: the kernel discards and accounts for it */
	PORTSCAN_NOT_IP,        /* passed */
	PORTSCAN_NOT_TCP,       /* passed */
	PORTSCAN_NOT_PROBE,     /* passed: TCP with ACK or RST, or a later fragment */
	PORTSCAN_IGNORED,       /* passed: port is one of --ignore-ports */
	PORTSCAN_KNOWN,         /* passed: port is recorded */
	PORTSCAN_ALLOWLISTED,   /* passed: address is on the allowlist */
	PORTSCAN_RECORDED,      /* passed: port was recorded now */
	PORTSCAN_BLOCKED,       /* dropped: source is blocked */
	PORTSCAN_THRESHOLD,     /* dropped: one port too many, source becomes blocked */
	PORTSCAN_BLOCK_REFUSED, /* dropped: one port too many, --max-blocked reached */
	PORTSCAN_INSERT_FAILED, /* dropped: the registry took no record */
	PORTSCAN_CONTENTION,    /* dropped: other CPUs changed the record again and again */
	PORTSCAN_FAULT,         /* aborted: the program itself failed */

	PORTSCAN_INSERTED,    /* records made: new sources, and old ones that start afresh */
	PORTSCAN_BLOCKS,      /* blocks made by the program */
	PORTSCAN_EVICTIONS,   /* unblocked records that made room */
	PORTSCAN_WOULD_DROP,  /* drops that a dry run passed */
	PORTSCAN_EVENTS_LOST, /* blocks whose event found the ring full */

	PORTSCAN_COUNTERS
};

/* Reasons are counters; enum order is the order of Reason in loader/verdict.h. */
enum { PORTSCAN_FIRST_REASON = PORTSCAN_MALFORMED, PORTSCAN_LAST_REASON = PORTSCAN_FAULT };

#ifdef __cplusplus
#define PORTSCAN_ASSERT(condition) static_assert(condition, #condition)
#else
#define PORTSCAN_ASSERT(condition) _Static_assert(condition, #condition)
#endif

PORTSCAN_ASSERT(sizeof(struct portscan_config) == 72);
PORTSCAN_ASSERT(__builtin_offsetof(struct portscan_config, layout) == 68);
PORTSCAN_ASSERT(sizeof(struct portscan_key4) == 4);
PORTSCAN_ASSERT(sizeof(struct portscan_key6) == 16);
PORTSCAN_ASSERT(sizeof(struct portscan_record) == 32);
PORTSCAN_ASSERT(__builtin_offsetof(struct portscan_record, blocked) == 6);
PORTSCAN_ASSERT(__builtin_offsetof(struct portscan_record, packet_timestamp) == 8);
PORTSCAN_ASSERT(__builtin_offsetof(struct portscan_record, trigger_port) == 24);
PORTSCAN_ASSERT(sizeof(struct portscan_more_ports) == 40);
PORTSCAN_ASSERT(sizeof(struct portscan_allow_key4) == 8);
PORTSCAN_ASSERT(sizeof(struct portscan_allow_key6) == 20);
PORTSCAN_ASSERT(sizeof(struct portscan_allow_value) == 16);
PORTSCAN_ASSERT(sizeof(struct portscan_family_state) == 64);
PORTSCAN_ASSERT(sizeof(struct portscan_expiry) == 64);
PORTSCAN_ASSERT(sizeof(struct portscan_state) == 320);
PORTSCAN_ASSERT(sizeof(struct portscan_event) == 72);
PORTSCAN_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__); /* portscan_record as one word */

#endif
