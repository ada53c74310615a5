/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The plain engine: two preallocated per-CPU hash maps, one a generation.
 * Included by table.bpf.h only. User space sets max_entries, the number of
 * flows that a window has room for.
 */
#ifndef WEIR_TABLE_PERCPU_HASH_BPF_H
#define WEIR_TABLE_PERCPU_HASH_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct flow_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, struct weir_flow_key);
	__type(value, struct weir_slot);
};

struct flow_map weir_flows_0 SEC(".maps");
struct flow_map weir_flows_1 SEC(".maps");

static __always_inline void slot_start(struct weir_slot *slot,
				       const struct packet_view *packet,
				       const void *plain, __u32 now)
{
	struct packet_origin origin;

	packet_origin(&origin, packet, plain);
	slot->first = now;
	slot->dscp = origin.dscp;
	slot->time_to_live = origin.time_to_live;
	__builtin_memcpy(slot->dst_mac, origin.mac, WEIR_MAC_LENGTH);
	__builtin_memcpy(slot->src_mac, (void *)&origin.mac[1] + 2,
			 WEIR_MAC_LENGTH);
}

static __always_inline void slot_add(struct weir_slot *slot,
				     const struct packet_view *packet,
				     __u32 now)
{
	slot->packets += packet->packets;
	slot->octets += packet->octets;
	slot->last = now;
	slot->tcp_bits |= packet->tcp_bits;
}

static __always_inline int table_insert(void *flows,
					const struct weir_flow_key *key,
					const struct packet_view *packet,
					const void *plain, __u32 now)
{
	struct weir_slot slot = {};

	slot_start(&slot, packet, plain, now);
	slot_add(&slot, packet, now);
	/*
	 * BPF_ANY: where another CPU has made the entry since the lookup, this
	 * sets our own CPU's value, which nobody else can have touched.
	 */
	return bpf_map_update_elem(flows, key, &slot, BPF_ANY);
}

static __always_inline int table_count_in(void *flows,
					  const struct weir_flow_key *key,
					  const struct packet_view *packet,
					  const void *plain, __u32 now)
{
	struct weir_slot *slot = bpf_map_lookup_elem(flows, key);

	if (!slot)
		return table_insert(flows, key, packet, plain, now);
	if (!slot->packets)	/* the flow's first packet on this CPU */
		slot_start(slot, packet, plain, now);
	slot_add(slot, packet, now);
	return 0;
}

static __always_inline int table_count(const struct open_window *open,
				       const struct packet_view *packet,
				       const void *plain, __u8 direction)
{
	__u32 now = ticks_now(open);
	union key_words key;

	flow_key_make(&key, packet, direction, 0);
	if (open->generation)
		return table_count_in(&weir_flows_1, &key.key, packet, plain,
				      now);
	return table_count_in(&weir_flows_0, &key.key, packet, plain, now);
}

#endif
