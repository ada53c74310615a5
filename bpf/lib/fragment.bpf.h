/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Later fragments carry no transport header: their ports, and in IPv6 even
 * their protocol, are those of the first fragment of the same datagram.
 */
#ifndef WEIR_FRAGMENT_BPF_H
#define WEIR_FRAGMENT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "clock.bpf.h"
#include "config.bpf.h"
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
					 const struct packet_view *packet,
					 __u8 direction)
{
	__builtin_memset(datagram, 0, sizeof(*datagram));
	__builtin_memcpy(datagram->src_addr, packet->src_addr,
			 WEIR_ADDRESS_LENGTH);
	__builtin_memcpy(datagram->dst_addr, packet->dst_addr,
			 WEIR_ADDRESS_LENGTH);
	datagram->identification = packet->fragment_id;
	datagram->port = weir_port_config.port;
	datagram->vlan_id = packet->vlan_id;
	datagram->inner_vlan_id = packet->inner_vlan_id;
	datagram->key_kind = packet->key_kind;
	if (!(packet->key_kind & WEIR_KEY_IPV6))
		datagram->protocol = packet->protocol;
	datagram->direction = direction;
}

static __always_inline void fragment_remember(const struct packet_view *packet,
					      __u8 direction)
{
	struct weir_fragment first = {
		.seen_ns = FRAME_CLOCK(),
		.src_port = packet->src_port,
		.dst_port = packet->dst_port,
		.protocol = packet->protocol,
	};
	struct weir_fragment_key datagram;

	fragment_key(&datagram, packet, direction);
	bpf_map_update_elem(&weir_fragments, &datagram, &first, BPF_ANY);
}

static __always_inline void fragment_recall(struct packet_view *packet,
					    __u8 direction)
{
	struct weir_fragment_key datagram;
	struct weir_fragment *first;

	fragment_key(&datagram, packet, direction);
	first = bpf_map_lookup_elem(&weir_fragments, &datagram);
	if (!first ||
	    FRAME_CLOCK() - first->seen_ns > FRAGMENT_LIFETIME_NS) {
		packet->fragment = FRAGMENT_WITHOUT_FLOW;
		packet->key_kind |= WEIR_KEY_FRAGMENT_WITHOUT_FLOW;
		return;
	}
	packet->src_port = first->src_port;
	packet->dst_port = first->dst_port;
	packet->protocol = first->protocol;
}

/* Completes what makes the flow of a fragment; of another packet, nothing. */
static __always_inline void fragment_attribute(struct packet_view *packet,
					       __u8 direction)
{
	if (packet->fragment == FRAGMENT_FIRST)
		fragment_remember(packet, direction);
	else if (packet->fragment == FRAGMENT_LATER)
		fragment_recall(packet, direction);
}

#endif
