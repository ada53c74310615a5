/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The way between the short one and the long one, for frames that are common
 * somewhere: up to two VLAN tags in the data, IPv4 with options, IPv6 with one
 * header of options, frames to be segmented; TCP or UDP, no fragment, whole and
 * well-formed. It goes straight through and is compiled into the program, where
 * the long way is a function that loops. Finds what parse() would find, or says
 * that it is not for it to say.
 */
#ifndef WEIR_PARSE_DIRECT_BPF_H
#define WEIR_PARSE_DIRECT_BPF_H

#include "parse_plain.bpf.h"

#define DIRECT_TAGS 2
/* Of a header of options, in units of 8 octets behind the first. */
#define DIRECT_OPTIONS 15

/*
 * Moves at behind Ethernet and its tags. The type of what follows, in wire order;
 * 0 where the frame is cut.
 */
static __always_inline __u16 direct_ethernet(const struct frame *frame,
					     void **at,
					     struct packet_view *packet)
{
	struct ethhdr *ethernet = frame->data;
	int depth = 0;
	__u16 type;

	if ((void *)(ethernet + 1) > frame->data_end)
		return 0;
	packet->origin.mac[0] = load_word(ethernet);
	packet->origin.mac[1] = load_word((void *)ethernet + 4);
	type = load_half_word(&ethernet->h_proto);
	*at = ethernet + 1;
	if (frame->has_vlan)
		add_vlan(packet, depth++, frame->vlan_id);
#pragma unroll
	for (int i = 0; i < DIRECT_TAGS; i++) {
		struct vlan_tag *tag = *at;

		if (!is_vlan(type))
			break;
		if ((void *)(tag + 1) > frame->data_end)
			return 0;
		add_vlan(packet, depth++, bpf_ntohs(tag->tci) & VLAN_ID_MASK);
		type = tag->next;
		*at = tag + 1;
	}
	return type;
}

/*
 * Move at behind the IP header, and make left what the IP packet has behind it;
 * left was what the frame has from at on. 1 where that is for them to say.
 */
static __always_inline int direct_ipv4(const struct frame *frame, void **at,
				       __u32 *left, struct packet_view *packet)
{
	struct iphdr *ip = *at;
	__u32 header_length, length;

	if ((void *)(ip + 1) > frame->data_end)
		return 0;
	header_length = (*(__u8 *)ip & 0x0f) * 4;
	length = bpf_ntohs(ip->tot_len);
	if (*(__u8 *)ip >> 4 != 4 || header_length < sizeof(*ip) ||
	    length < header_length || length > *left ||
	    ip->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))
		return 0;
	packet->src_addr[0] = ip->saddr;
	packet->dst_addr[0] = ip->daddr;
	packet->protocol = ip->protocol;
	packet->origin.time_to_live = ip->ttl;
	packet->origin.dscp = ip->tos >> 2;
	packet->octets = length;
	*at += header_length;
	*left = length - header_length;
	return 1;
}

static __always_inline int direct_options(const struct frame *frame, void **at,
					  __u32 *left,
					  struct packet_view *packet)
{
	struct ipv6_extension *options = *at;
	__u32 length;

	if ((void *)(options + 1) > frame->data_end ||
	    options->length > DIRECT_OPTIONS)
		return 0;
	length = (options->length + 1) * 8;
	if (length > *left)
		return 0;
	packet->protocol = options->next;
	*at += length;
	*left -= length;
	return 1;
}

static __always_inline int direct_ipv6(const struct frame *frame, void **at,
				       __u32 *left, struct packet_view *packet)
{
	struct ipv6hdr *ip = *at;
	__u32 payload;

	if ((void *)(ip + 1) > frame->data_end || ip->version != 6)
		return 0;
	payload = bpf_ntohs(ip->payload_len);
	if (!payload || payload + sizeof(*ip) > *left)
		return 0;
	packet->src_addr[0] = load_word(&ip->saddr);
	packet->src_addr[1] = load_word((void *)&ip->saddr + 8);
	packet->dst_addr[0] = load_word(&ip->daddr);
	packet->dst_addr[1] = load_word((void *)&ip->daddr + 8);
	packet->key_kind = WEIR_KEY_IPV6;
	packet->protocol = ip->nexthdr;
	packet->origin.time_to_live = ip->hop_limit;
	packet->origin.dscp = ip->priority << 2 | ip->flow_lbl[0] >> 6;
	packet->octets = payload + sizeof(*ip);
	*at = ip + 1;
	*left = payload;
	if (packet->protocol != IPPROTO_HOPOPTS &&
	    packet->protocol != IPPROTO_DSTOPTS)
		return 1;
	return direct_options(frame, at, left, packet);
}

/* 1 where the packet is a PACKET_IP, and found. */
static __always_inline int parse_direct(const struct frame *frame,
					struct packet_view *packet)
{
	__u32 left;
	__u16 type;
	void *at;

	__builtin_memset(packet, 0, sizeof(*packet));
	type = direct_ethernet(frame, &at, packet);
	if (!type)
		return 0;
	left = frame->length - (__u32)(at - frame->data);
	switch (type) {
	case bpf_htons(ETH_P_IP):
		if (!direct_ipv4(frame, &at, &left, packet))
			return 0;
		break;
	case bpf_htons(ETH_P_IPV6):
		if (!direct_ipv6(frame, &at, &left, packet))
			return 0;
		break;
	default:
		return 0;
	}
	return plain_transport(frame, at, left, packet);
}

#endif
