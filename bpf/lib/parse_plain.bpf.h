/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The short way for what nearly all frames are: Ethernet without a tag in the
 * data, IPv4 without options or IPv6 without extensions, TCP or UDP, no
 * fragment, not to be segmented, whole and well-formed. Finds what parse() would
 * find, in a third of the time, or says that it is not for it to say.
 */
#ifndef WEIR_PARSE_PLAIN_BPF_H
#define WEIR_PARSE_PLAIN_BPF_H

#include "parse.bpf.h"

#define IPV4_WITHOUT_OPTIONS 0x45	/* version 4, header of 5 words */

/* The Ethernet type, in wire order; 0 where the frame is not plain. */
static __always_inline __u16 plain_ether_type(const struct frame *frame)
{
	struct ethhdr *ethernet = frame->data;

	/* It would keep a register until the end. */
	if (unlikely(frame->gso_size))
		return 0;
	if (frame->data + sizeof(*ethernet) + sizeof(struct iphdr) +
		    sizeof(struct udphdr) >
	    frame->data_end)
		return 0;
	return load_half_word(&ethernet->h_proto);
}

/* left: bytes of the IP packet behind its header. 1 where it is plain. */
static __always_inline int plain_transport(const struct frame *frame,
					   __u8 *header, __s32 left,
					   struct packet_view *packet)
{
	__s32 length = sizeof(struct udphdr);
	__s32 claimed;

	if (packet->protocol == IPPROTO_TCP) {
		if (header + sizeof(struct tcphdr) > (__u8 *)frame->data_end)
			return 0;
		length = tcp_header_length(header);
		if (length < (__s32)sizeof(struct tcphdr))
			return 0;
		packet->tcp_bits = tcp_bits(header);
	} else if (packet->protocol == IPPROTO_UDP) {
		if (header + sizeof(struct udphdr) > (__u8 *)frame->data_end)
			return 0;
		claimed = bpf_ntohs(((struct udphdr *)header)->len);
		if (unlikely(claimed < length || claimed > left) &&
		    !frame->gso_size)
			return 0;
	} else {
		return 0;
	}
	if (left < length)
		return 0;
	packet->ports = load_ports(header);
	packet->packets = 1;
	if (unlikely(frame->gso_size)) {
		struct cursor payload = { .left = left - length };

		count_segments(&payload, frame, packet);
	}
	return 1;
}

/*
 * What these find is what parse() finds, but for the origin, or they return 0:
 * it is not for them to say. packet is zero when they are called, and the frame
 * has a type.
 */
static __always_inline int plain_ipv4(const struct frame *frame,
				      struct packet_view *packet)
{
	struct iphdr *ip = frame->data + sizeof(struct ethhdr);
	__u32 length = bpf_ntohs(ip->tot_len);

	if (*(__u8 *)ip != IPV4_WITHOUT_OPTIONS ||
	    ip->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))
		return 0;
	if (length > frame->length - sizeof(struct ethhdr))
		return 0;
	packet->src_addr[0] = ip->saddr;
	packet->dst_addr[0] = ip->daddr;
	packet->protocol = ip->protocol;
	packet->octets = length;
	if (frame->has_vlan)
		packet->vlan_id = frame->vlan_id;
	return plain_transport(frame, (__u8 *)(ip + 1), length - sizeof(*ip),
			       packet);
}

static __always_inline int plain_ipv6(const struct frame *frame,
				      struct packet_view *packet)
{
	struct ipv6hdr *ip = frame->data + sizeof(struct ethhdr);
	__u32 payload = bpf_ntohs(ip->payload_len);

	if ((void *)(ip + 1) + sizeof(struct udphdr) > frame->data_end ||
	    ip->version != 6)
		return 0;
	if (payload > frame->length - sizeof(struct ethhdr) - sizeof(*ip))
		return 0;
	packet->src_addr[0] = load_word(&ip->saddr);
	packet->src_addr[1] = load_word((void *)&ip->saddr + 8);
	packet->dst_addr[0] = load_word(&ip->daddr);
	packet->dst_addr[1] = load_word((void *)&ip->daddr + 8);
	packet->key_kind = WEIR_KEY_IPV6;
	packet->protocol = ip->nexthdr;
	packet->octets = payload + sizeof(*ip);
	if (frame->has_vlan)
		packet->vlan_id = frame->vlan_id;
	return plain_transport(frame, (__u8 *)(ip + 1), payload, packet);
}

#endif
