/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * From a frame to what makes its flow: Ethernet, up to three VLAN tags, IPv4 with
 * options, IPv6 with extension headers, authentication (RFC 4302) in both, the transport's ports. Reads only, no
 * maps; every path returns a kind, none decides what happens to the frame.
 */
#ifndef WEIR_PARSE_BPF_H
#define WEIR_PARSE_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "cursor.bpf.h"
#include "packet_view.bpf.h"
#include "parse_ethernet.bpf.h"
#include "parse_ipv6_extensions.bpf.h"
#include "parse_transport.bpf.h"

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

/*
 * The IP packet's length, and cursor->left cut to it, so that padding is never
 * read. A GSO frame beyond 64 KiB says 0 (BIG TCP): it fills the frame.
 */
static __always_inline enum packet_kind
parse_length(struct cursor *cursor, const struct frame *frame,
	     struct packet_view *packet, __u32 claimed, __u32 header_length,
	     int is_unsaid)
{
	if (is_unsaid && frame->gso_size)
		claimed = cursor->left;
	if (claimed < header_length)
		return PACKET_MALFORMED;
	if (claimed > cursor->left)
		return PACKET_TRUNCATED;
	packet->octets = claimed;
	cursor->left = claimed;
	return PACKET_IP;
}

static __always_inline enum packet_kind
parse_ipv4(struct cursor *cursor, const struct frame *frame,
	   struct packet_view *packet)
{
	struct iphdr *ip = cursor->at;
	enum packet_kind kind;
	__u32 header_length;
	__u16 fragment;

	if (cursor->left < sizeof(*ip) || (void *)(ip + 1) > cursor->end)
		return PACKET_TRUNCATED;
	header_length = ip->ihl * 4;
	if (ip->version != 4 || header_length < sizeof(*ip))
		return PACKET_MALFORMED;
	kind = parse_length(cursor, frame, packet, bpf_ntohs(ip->tot_len),
			    header_length, ip->tot_len == 0);
	if (kind != PACKET_IP)
		return kind;

	packet->src_addr[0] = ip->saddr;
	packet->dst_addr[0] = ip->daddr;
	packet->protocol = ip->protocol;
	packet->fragment_protocol = ip->protocol;
	packet->origin.time_to_live = ip->ttl;
	packet->origin.dscp = ip->tos >> 2;
	packet->fragment_id = ip->id;
	fragment = bpf_ntohs(ip->frag_off);
	if (fragment & IPV4_FRAGMENT_OFFSET)
		packet->fragment = FRAGMENT_LATER;
	else if (fragment & IPV4_MORE_FRAGMENTS)
		packet->fragment = FRAGMENT_FIRST;

	cursor->at += header_length;
	cursor->left -= header_length;
	if (likely(packet->protocol != IPPROTO_AH) ||
	    packet->fragment == FRAGMENT_LATER)
		return PACKET_IP;
	return parse_extensions(cursor, frame, packet);
}

static __always_inline enum packet_kind
parse_ipv6(struct cursor *cursor, const struct frame *frame,
	   struct packet_view *packet)
{
	struct ipv6hdr *ip = cursor->at;
	enum packet_kind kind;
	__u16 payload;

	if (cursor->left < sizeof(*ip) || (void *)(ip + 1) > cursor->end)
		return PACKET_TRUNCATED;
	if (ip->version != 6)
		return PACKET_MALFORMED;
	payload = bpf_ntohs(ip->payload_len);
	kind = parse_length(cursor, frame, packet, payload + sizeof(*ip),
			    sizeof(*ip), payload == 0);
	if (kind != PACKET_IP)
		return kind;

	packet->src_addr[0] = load_word(&ip->saddr);
	packet->src_addr[1] = load_word((void *)&ip->saddr + 8);
	packet->dst_addr[0] = load_word(&ip->daddr);
	packet->dst_addr[1] = load_word((void *)&ip->daddr + 8);
	packet->key_kind = WEIR_KEY_IPV6;
	packet->protocol = ip->nexthdr;
	packet->origin.time_to_live = ip->hop_limit;
	packet->origin.dscp = ip->priority << 2 | ip->flow_lbl[0] >> 6;

	cursor->at += sizeof(*ip);
	cursor->left -= sizeof(*ip);
	if (!is_ipv6_extension(packet->protocol))
		return PACKET_IP;
	return parse_extensions(cursor, frame, packet);
}

/*
 * A GSO frame leaves as segments that each carry all headers up to the
 * payload: cursor->left is the payload, what is before it the headers.
 */
static __always_inline void count_segments(const struct cursor *cursor,
					   const struct frame *frame,
					   struct packet_view *packet)
{
	__u32 headers = packet->octets - cursor->left;
	__u32 segments = frame->gso_segments;

	if (!frame->gso_size)
		return;
	if (!segments)
		segments = (cursor->left + frame->gso_size - 1) /
			   frame->gso_size;
	if (segments < 2)
		return;
	packet->packets = segments;
	packet->octets += (segments - 1) * headers;
}

static __always_inline enum packet_kind parse_ip(struct cursor *cursor,
						 const struct frame *frame,
						 int ether_type,
						 struct packet_view *packet)
{
	switch (ether_type) {
	case ETH_P_IP:
		return parse_ipv4(cursor, frame, packet);
	case ETH_P_IPV6:
		return parse_ipv6(cursor, frame, packet);
	case -1:
		return PACKET_TRUNCATED;
	case ETH_P_8021Q:
	case ETH_P_8021AD:
		return PACKET_BEYOND_LIMITS;
	case ETH_P_ARP:
		packet->is_arp = is_arp_packet(cursor);
		break;
	}
	packet->ether_type = ether_type;
	return PACKET_NOT_IP;
}

/* packet is zero when this is called. */
static __always_inline enum packet_kind parse(const struct frame *frame,
					      struct packet_view *packet)
{
	struct cursor cursor = {
		.at = frame->data,
		.end = frame->data_end,
		.left = frame->length,
	};
	enum packet_kind kind;
	__u32 after_ethernet;
	int ether_type;

	packet->packets = 1;
	ether_type = parse_ethernet(&cursor, frame, packet);
	after_ethernet = cursor.left;
	kind = parse_ip(&cursor, frame, ether_type, packet);
	if (kind == PACKET_IP && packet->fragment != FRAGMENT_LATER)
		kind = parse_transport(&cursor, frame, packet);
	if (kind == PACKET_IP)
		count_segments(&cursor, frame, packet);
	else
		packet->octets = after_ethernet;
	return kind;
}

#endif
