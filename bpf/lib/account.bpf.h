/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * From a parsed frame to the counters: the port's totals and, for an IP
 * packet, the flow table, both in the generation of the open window.
 */
#ifndef WEIR_ACCOUNT_BPF_H
#define WEIR_ACCOUNT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "config.bpf.h"
#include "control.bpf.h"
#include "fragment.bpf.h"
#include "packet_view.bpf.h"
#include "table.bpf.h"

/*
 * Index: (generation * WEIR_MAX_PORTS + port number) * WEIR_DIRECTIONS +
 * direction. One map and not two: which map it is must be known to the
 * verifier for the look-up to be inlined, and a call costs 20 ns.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_GENERATIONS * WEIR_MAX_PORTS * WEIR_DIRECTIONS);
	__type(key, __u32);
	__type(value, struct weir_totals);
} weir_totals SEC(".maps");

/*
 * Read once a frame: all that a frame counts goes to one generation. User space
 * waits for an RCU grace period after it has written the number, so that no
 * program that read the old one is still at work when it drains. It writes the
 * tick before the number that leads to it.
 */
static __always_inline void window_open(struct open_window *open)
{
	open->number = weir_control.window;
	open->generation = open->number % WEIR_GENERATIONS;
	open->now = (__u32)bpf_jiffies64() -
		    weir_control.opened[open->generation].jiffies;
}

static __always_inline struct weir_totals *totals_of(__u32 generation,
						     __u8 direction)
{
	__u32 port = generation * WEIR_MAX_PORTS + weir_port_config.port;
	__u32 index = port * WEIR_DIRECTIONS + direction;

	return bpf_map_lookup_elem(&weir_totals, &index);
}

static __always_inline void count_add(struct weir_count *count,
				      const struct packet_view *packet)
{
	count->packets += packet->packets;
	count->octets += packet->octets;
}

static __always_inline void account_ip(struct weir_totals *totals,
				       const struct open_window *open,
				       struct packet_view *packet,
				       __u8 direction)
{
	if (unlikely(packet->fragment))
		fragment_attribute(packet, direction);
	if (unlikely(packet->fragment == FRAGMENT_WITHOUT_FLOW))
		count_add(&totals->fragment_without_flow, packet);
	if (unlikely(table_count(open, packet, direction)))
		count_add(&totals->overflow, packet);
}

static __always_inline void account(enum packet_kind kind,
				    struct packet_view *packet,
				    __u8 direction)
{
	struct weir_totals *totals;
	struct open_window open;

	window_open(&open);
	totals = totals_of(open.generation, direction);
	if (unlikely(!totals))	/* the loader gives no port number beyond the map */
		return;
	count_add(&totals->seen, packet);
	switch (kind) {
	case PACKET_IP:
		account_ip(totals, &open, packet, direction);
		break;
	case PACKET_NOT_IP:
		count_add(&totals->not_ip, packet);
		break;
	case PACKET_TRUNCATED:
		count_add(&totals->truncated, packet);
		count_add(&totals->malformed, packet);
		break;
	case PACKET_MALFORMED:
		count_add(&totals->malformed, packet);
		break;
	}
}

#endif
