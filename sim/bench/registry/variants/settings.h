/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What user space sets in a variant of the registry before it loads it. */
#ifndef REGISTRY_VARIANT_SETTINGS_H
#define REGISTRY_VARIANT_SETTINGS_H

#include <linux/types.h>

enum { VARIANT_MAX_PORTS = 3 };

struct variant_settings {
	__u64 refresh;     /* ns; a timestamp is rewritten when it is this old, 0: by every probe */
	__u32 queue_slots; /* keys in the queue of evictions; 0: none */
	__u32 lock_always; /* take the spin lock for what changes nothing too */
	__u32 displace;    /* who has the place goes without a look at its record */
	__u32 padding;
};

#endif
