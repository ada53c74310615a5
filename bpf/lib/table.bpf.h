/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The flow table as account.bpf.h sees it. An engine is one header that
 * defines table_count(); WEIR_TABLE_ENGINE, set by the build, names it.
 *
 *	int table_count(const struct open_window *open,
 *			const struct packet_view *packet,
 *			const void *plain)
 *
 * adds the packet to its flow's counters on this CPU in that window, making
 * them if need be, and returns what is said of the flow: what the policy says
 * (enum weir_ruling), and SAID_WANTED where a tap session may want its packets;
 * or returns a negative number and has changed nothing: the packet found no
 * room. plain is as packet_origin() has it.
 *
 * Contexts: an engine may assume one writer per CPU at a time. Each program
 * says why it cannot interrupt the others on its CPU; a hook that can be
 * interrupted by these, or that can sleep, needs maps of its own.
 */
#ifndef WEIR_TABLE_BPF_H
#define WEIR_TABLE_BPF_H

#include <linux/types.h>

#include "control.bpf.h"
#include "flow_key.bpf.h"
#include "packet_view.bpf.h"
#include "policy.bpf.h"
#include "tap.bpf.h"

/* Ticks since it was opened. */
static __always_inline __u32 ticks_now(const struct open_window *open)
{
	return (__u32)bpf_jiffies64() -
	       weir_control.opened[open->generation].jiffies;
}

#ifndef WEIR_TABLE_ENGINE
#define WEIR_TABLE_ENGINE "table_line.bpf.h"
#endif
#include WEIR_TABLE_ENGINE

#endif
