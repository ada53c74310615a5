/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The plain engine: two preallocated per-CPU hash maps, one a generation.
 * Included by table.bpf.h only. User space sets max_entries, the number of
 * flows that a window has room for; of these a port makes its share at
 * most, on all CPUs together.
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

/* What a port has made. User space empties it with the generation. */
struct flow_share {
	__u32 count[WEIR_GENERATIONS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct flow_share);
} weir_shares SEC(".maps");

#ifdef WEIR_POLICY
static __always_inline void slot_judge(struct weir_slot *slot,
				       const struct weir_flow_key *key)
{
	__u32 judgement = flow_judge((const union key_words *)key);

	slot->rule = judgement_rule(judgement);
	slot->ruling = judgement_ruling(judgement);
}

static __always_inline int slot_ruling(const struct weir_slot *slot)
{
	return slot->ruling;
}
#else
static __always_inline void slot_judge(struct weir_slot *slot,
				       const struct weir_flow_key *key)
{
	(void)slot;
	(void)key;
}

static __always_inline int slot_ruling(const struct weir_slot *slot)
{
	(void)slot;
	return WEIR_RULING_NONE;
}
#endif

static __always_inline void slot_start(struct weir_slot *slot,
				       const struct weir_flow_key *key,
				       const struct packet_view *packet,
				       const void *plain, __u32 now)
{
	struct packet_origin origin;

	packet_origin(&origin, packet, plain);
	slot->first = now;
	slot_judge(slot, key);
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

/* The policy has another opinion of the flow by now: it goes on elsewhere. */
#define SLOT_OUTDATED (-2)

/*
 * Makes the entry, where the port may have one more. Where another CPU has made
 * it since the lookup, this sets our own CPU's value, which no other CPU can
 * have touched, and nothing is taken.
 */
static __always_inline int slot_store(void *flows, __u32 generation,
				      const struct weir_flow_key *key,
				      const struct weir_slot *slot)
{
	__u32 port = key->port;
	struct flow_share *share = bpf_map_lookup_elem(&weir_shares, &port);
	__u32 *count;

	if (!share)
		return -1;
	count = &share->count[generation];
	if (__sync_fetch_and_add(count, 1) <
		    weir_config.table.port_share &&
	    !bpf_map_update_elem(flows, key, slot, BPF_NOEXIST))
		return 0;
	__sync_fetch_and_add(count, -1);
	return bpf_map_update_elem(flows, key, slot, BPF_EXIST) ? -1 : 0;
}

static __always_inline int table_insert(void *flows, __u32 generation,
					const struct weir_flow_key *key,
					const struct packet_view *packet,
					const void *plain, __u32 now)
{
	struct weir_slot slot = {};

	slot_start(&slot, key, packet, plain, now);
	slot_add(&slot, packet, now);
	if (slot_store(flows, generation, key, &slot))
		return -1;
	return slot_ruling(&slot);
}

static __always_inline int table_count_in(void *flows, __u32 generation,
					  const struct weir_flow_key *key,
					  const struct packet_view *packet,
					  const void *plain, __u32 now)
{
	struct weir_slot *slot = bpf_map_lookup_elem(flows, key);

	if (!slot)
		return table_insert(flows, generation, key, packet, plain, now);
	if (!slot->packets)	/* the flow's first packet on this CPU */
		slot_start(slot, key, packet, plain, now);
	if (flow_relents((const union key_words *)key, slot_ruling(slot)))
		return SLOT_OUTDATED;
	slot_add(slot, packet, now);
	return slot_ruling(slot);
}

static __always_inline int table_count_open(const struct open_window *open,
					    const struct weir_flow_key *key,
					    const struct packet_view *packet,
					    const void *plain, __u32 now)
{
	if (open->generation)
		return table_count_in(&weir_flows_1, 1, key, packet, plain, now);
	return table_count_in(&weir_flows_0, 0, key, packet, plain, now);
}

static __always_inline int table_count(const struct open_window *open,
				       const struct packet_view *packet,
				       const void *plain)
{
	__u32 now = ticks_now(open);
	union key_words key;
	int at;

	flow_key_make(&key, packet, open, 0);
	at = table_count_open(open, &key.key, packet, plain, now);
	if (at == SLOT_OUTDATED) {
		key.key.kind |= WEIR_KEY_SEALED;
		at = table_count_open(open, &key.key, packet, plain, now);
	}
	return at;
}

#endif
