/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Later fragments carry no transport header: their ports, and in IPv6 even
 * their protocol, are those of the first fragment of the same datagram.
 */
#ifndef WEIR_FRAGMENT_BPF_H
#define WEIR_FRAGMENT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "packet_view.bpf.h"

/* As long as Linux waits for the rest of a datagram (ipfrag_time). */
#define FRAGMENT_LIFETIME_NS 30000000000ULL

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct weir_fragment_key);
	__type(value, struct weir_fragment);
} weir_fragments SEC(".maps");

static __always_inline void fragment_key(struct weir_fragment_key *datagram,
					 const struct weir_flow_key *key,
					 const struct packet_view *packet)
{
	__builtin_memset(datagram, 0, sizeof(*datagram));
	__builtin_memcpy(datagram->src_addr, key->src_addr,
			 WEIR_ADDRESS_LENGTH);
	__builtin_memcpy(datagram->dst_addr, key->dst_addr,
			 WEIR_ADDRESS_LENGTH);
	datagram->identification = packet->fragment_id;
	datagram->port = key->port;
	datagram->vlan_id = key->vlan_id;
	datagram->inner_vlan_id = key->inner_vlan_id;
	datagram->ip_version = key->ip_version;
	if (key->ip_version == 4)
		datagram->protocol = key->protocol;
	datagram->direction = key->direction;
}

static __always_inline void fragment_remember(const struct weir_flow_key *key,
					      const struct packet_view *packet,
					      __u64 now_ns)
{
	struct weir_fragment first = {
		.seen_ns = now_ns,
		.src_port = key->src_port,
		.dst_port = key->dst_port,
		.protocol = key->protocol,
	};
	struct weir_fragment_key datagram;

	fragment_key(&datagram, key, packet);
	bpf_map_update_elem(&weir_fragments, &datagram, &first, BPF_ANY);
}

static __always_inline void fragment_recall(struct weir_flow_key *key,
					    struct packet_view *packet,
					    __u64 now_ns)
{
	struct weir_fragment_key datagram;
	struct weir_fragment *first;

	fragment_key(&datagram, key, packet);
	first = bpf_map_lookup_elem(&weir_fragments, &datagram);
	if (!first || now_ns - first->seen_ns > FRAGMENT_LIFETIME_NS) {
		packet->fragment = FRAGMENT_WITHOUT_FLOW;
		key->flags |= WEIR_KEY_FRAGMENT_WITHOUT_FLOW;
		return;
	}
	key->src_port = first->src_port;
	key->dst_port = first->dst_port;
	key->protocol = first->protocol;
}

/* Completes the key of a fragment; of another packet, does nothing. */
static __always_inline void fragment_attribute(struct weir_flow_key *key,
					       struct packet_view *packet,
					       __u64 now_ns)
{
	if (packet->fragment == FRAGMENT_FIRST)
		fragment_remember(key, packet, now_ns);
	else if (packet->fragment == FRAGMENT_LATER)
		fragment_recall(key, packet, now_ns);
}

#endif
