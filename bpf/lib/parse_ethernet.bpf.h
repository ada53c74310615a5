/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Ethernet and up to three VLAN tags: IEEE 802.3, 802.1Q, 802.1ad. */
#ifndef WEIR_PARSE_ETHERNET_BPF_H
#define WEIR_PARSE_ETHERNET_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "cursor.bpf.h"
#include "packet_view.bpf.h"

#define VLAN_TAGS_MAX 3
#define VLAN_ID_MASK 0x0fff

struct vlan_tag {
	__be16 tci;
	__be16 next;
};

static __always_inline int is_vlan(__be16 ether_type)
{
	return ether_type == bpf_htons(ETH_P_8021Q) ||
	       ether_type == bpf_htons(ETH_P_8021AD);
}

static __always_inline void add_vlan(struct packet_view *packet, int depth,
				     __u16 vlan_id)
{
	if (depth == 0)
		packet->vlan_id = vlan_id;
	else if (depth == 1)
		packet->inner_vlan_id = vlan_id;
}

/* ARP for IPv4 on Ethernet: RFC 826. */
struct arp_packet {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 rest[20];
};

#define ARP_HARDWARE_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2

static __always_inline int is_arp_packet(const struct cursor *cursor)
{
	const struct arp_packet *arp = cursor->at;

	if (cursor->left < sizeof(*arp) || (void *)(arp + 1) > cursor->end)
		return 0;
	return arp->hardware == bpf_htons(ARP_HARDWARE_ETHERNET) &&
	       arp->protocol == bpf_htons(ETH_P_IP) &&
	       arp->hardware_length == ETH_ALEN && arp->protocol_length == 4 &&
	       (arp->operation == bpf_htons(ARP_REQUEST) ||
		arp->operation == bpf_htons(ARP_REPLY));
}

/* Ethernet and tags. Returns the type of what follows; -1 where it is cut. */
static __always_inline int parse_ethernet(struct cursor *cursor,
					  const struct frame *frame,
					  struct packet_view *packet)
{
	struct ethhdr *ethernet = cursor_take(cursor, sizeof(*ethernet));
	int depth = 0;
	__be16 type;

	if (!ethernet) {
		cursor->left = 0;
		return -1;
	}
	packet->origin.mac[0] = load_word(ethernet);
	packet->origin.mac[1] = load_word((void *)ethernet + 4);
	type = load_half_word(&ethernet->h_proto);
	if (frame->has_vlan)
		add_vlan(packet, depth++, frame->vlan_id);
#pragma unroll
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_tag *tag;

		if (!is_vlan(type) || depth >= VLAN_TAGS_MAX)
			break;
		tag = cursor_take(cursor, sizeof(*tag));
		if (!tag)
			return -1;
		add_vlan(packet, depth++, bpf_ntohs(tag->tci) & VLAN_ID_MASK);
		type = tag->next;
	}
	return bpf_ntohs(type);
}

#endif
