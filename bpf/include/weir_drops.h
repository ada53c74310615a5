/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the program that sees packets which the kernel drops, and user space
 * agree on. Nothing of it is pinned: both are of one build.
 */
#ifndef WEIR_DROPS_H
#define WEIR_DROPS_H

#include <linux/types.h>

#include "weir_abi.h"

/* An interface, as a packet that came in by it names it; index 0: any other. */
struct weir_drop_device {
	__u32 ifindex;
	__u32 network_namespace;	/* inode number of its nsfs file */
};

/* The packets of one flow that the kernel dropped for one reason. */
struct weir_drop_key {
	/* Of an untagged packet, without direction; port 0: not known. */
	struct weir_flow_key flow;
	__u32 reason;		/* enum skb_drop_reason of the running kernel */
	__u32 zero;
};

/* They only grow. */
struct weir_drop_sum {
	__u64 packets;		/* wire packets, as in weir_slot */
	__u64 octets;
};

/* By the generation of the window that was open, as weir_control has it. */
struct weir_drop_count {
	struct weir_drop_sum of[WEIR_GENERATIONS];
	__u64 last_ns;		/* CLOCK_MONOTONIC */
};

/* Of a port: what its flows take of the room, and what found none. */
struct weir_drop_share {
	__u64 made;		/* entries */
	__u64 removed;		/* of these; user space alone writes it */
	__u64 missed;		/* packets */
};

_Static_assert(sizeof(struct weir_drop_device) == 8, "drop device");
_Static_assert(sizeof(struct weir_drop_share) == 24, "drop share");
_Static_assert(sizeof(struct weir_drop_key) == 56, "drop key");
_Static_assert(sizeof(struct weir_drop_count) == 40, "drop count");

/* Flows and reasons that there is room for. */
#define WEIR_DROP_ENTRIES 65536
/* Of these, what one port can take. */
#define WEIR_DROP_PORT_SHARE (WEIR_DROP_ENTRIES / 4)

#define WEIR_MAP_DROPS "weir_drops"
#define WEIR_MAP_DROP_PORTS "weir_drop_ports"	/* port, by weir_drop_device */
#define WEIR_MAP_DROP_SHARES "weir_drop_parts"	/* by port; mmap-able */
#define WEIR_PROGRAM_DROPPED "weir_dropped"

#endif
