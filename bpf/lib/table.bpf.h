/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The flow table as account.bpf.h sees it. An engine is one header that
 * defines table_count(); WEIR_TABLE_ENGINE, set by the build, names it.
 *
 *	int table_count(__u32 generation, const struct weir_flow_key *key,
 *			const struct packet_view *packet, __u64 now_ns)
 *
 * adds the packet to the key's slot on this CPU in that generation, making the
 * slot if need be, and returns 0; or returns a negative number and has changed
 * nothing: the packet found no slot.
 *
 * Contexts: an engine may assume one writer per CPU at a time. XDP runs in a
 * NAPI poll or, generic, in netif_receive_skb; TC ingress in
 * netif_receive_skb, TC egress in __dev_queue_xmit: all with bottom halves
 * off, none from a hard interrupt, so that none can interrupt another on the
 * same CPU. A hook that can be interrupted by these needs maps of its own.
 */
#ifndef WEIR_TABLE_BPF_H
#define WEIR_TABLE_BPF_H

#include "packet_view.bpf.h"

static __always_inline void slot_start(struct weir_slot *slot,
				       const struct packet_view *packet,
				       __u64 now_ns)
{
	slot->first_ns = now_ns;
	slot->dscp = packet->dscp;
	__builtin_memcpy(slot->src_mac, packet->src_mac, WEIR_MAC_LENGTH);
	__builtin_memcpy(slot->dst_mac, packet->dst_mac, WEIR_MAC_LENGTH);
}

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20

/* AWS counts ACK only in a segment that also carries SYN. */
static __always_inline __u8 aws_tcp_flags(__u16 control_bits)
{
	__u8 counted = TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_URG;

	if (control_bits & TCP_SYN)
		counted |= TCP_ACK;
	return control_bits & counted;
}

static __always_inline void slot_add(struct weir_slot *slot,
				     const struct packet_view *packet,
				     __u64 now_ns)
{
	slot->packets += packet->packets;
	slot->octets += packet->octets;
	slot->last_ns = now_ns;
	slot->tcp_control_bits |= packet->tcp_control_bits;
	slot->tcp_flags |= aws_tcp_flags(packet->tcp_control_bits);
}

#ifndef WEIR_TABLE_ENGINE
#define WEIR_TABLE_ENGINE "table_percpu_hash.bpf.h"
#endif
#include WEIR_TABLE_ENGINE

#endif
