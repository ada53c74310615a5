/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The header behind IP: ports, or type and code, and the flags of TCP. */
#ifndef WEIR_PARSE_TRANSPORT_BPF_H
#define WEIR_PARSE_TRANSPORT_BPF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "cursor.bpf.h"
#include "packet_view.bpf.h"

/* Shortest transport headers: RFC 9293, 768, 3828, 9260, 4340, 792, 4443. */
#define UDP_LITE_PROTOCOL 136
#define SCTP_HEADER_MIN 12
#define DCCP_HEADER_MIN 12
#define ICMP_HEADER_MIN 8
#define ICMPV6_HEADER_MIN 4
/* What an error reports comes behind as much, in ICMPv6, too. */
#define ICMP_HEADER 8
/* Fragments but the last carry a multiple of this: RFC 791 §3.2. */
#define FRAGMENT_UNIT 8

struct transport_ports {
	__u16 src;
	__u16 dst;
};

/*
 * Moves over the transport's header where it is one that has ports, or type
 * and code. needed is its shortest form.
 */
static __always_inline enum packet_kind
parse_ports(struct cursor *cursor, struct packet_view *packet, __u32 needed,
	    int is_fragment)
{
	struct transport_ports *ports;

	if (is_fragment && needed > FRAGMENT_UNIT)
		needed = FRAGMENT_UNIT;
	if (cursor->left < needed)
		return PACKET_MALFORMED;
	ports = cursor->at;
	if ((void *)(ports + 1) > cursor->end)
		return PACKET_TRUNCATED;
	packet->src_port = ports->src;
	packet->dst_port = ports->dst;
	cursor->at += needed;
	cursor->left -= needed;
	return PACKET_IP;
}

/*
 * Whether the length in a UDP header, or the coverage in one of UDP-Lite, is one
 * that a receiver takes: RFC 768, 3828 §3.1. 0 is the whole packet in IPv6
 * (RFC 2675 §4) and in UDP-Lite. Of what is going to be segmented or was
 * fragmented it is another packet's.
 */
static __always_inline int udp_length_is_right(const struct udphdr *udp,
					       __u32 left, int is_optional)
{
	__u32 length = bpf_ntohs(udp->len);

	if (!length)
		return is_optional;
	return length >= sizeof(*udp) && length <= left;
}

static __always_inline enum packet_kind
parse_udp(struct cursor *cursor, const struct frame *frame,
	  struct packet_view *packet)
{
	struct udphdr *udp = cursor->at;
	int is_optional = packet->protocol == UDP_LITE_PROTOCOL ||
			  packet->key_kind & WEIR_KEY_IPV6;

	if (cursor->left < sizeof(*udp))
		return PACKET_MALFORMED;
	if ((void *)(udp + 1) > cursor->end)
		return PACKET_TRUNCATED;
	if (packet->fragment == FRAGMENT_NONE && !frame->gso_size &&
	    !udp_length_is_right(udp, cursor->left, is_optional))
		return PACKET_MALFORMED;
	packet->src_port = udp->source;
	packet->dst_port = udp->dest;
	cursor->at += sizeof(*udp);
	cursor->left -= sizeof(*udp);
	return PACKET_IP;
}

static __always_inline enum packet_kind
parse_icmp(struct cursor *cursor, const struct frame *frame,
	   struct packet_view *packet, __u32 needed)
{
	__u8 *type_and_code = cursor->at;

	if (cursor->left < needed)
		return PACKET_MALFORMED;
	if ((void *)(type_and_code + 2) > cursor->end)
		return PACKET_TRUNCATED;
	packet->src_port = bpf_htons(type_and_code[0]);
	packet->dst_port = bpf_htons(type_and_code[1]);
	packet->payload = (void *)type_and_code + ICMP_HEADER - frame->data;
	cursor->at += needed;
	cursor->left -= needed;
	return PACKET_IP;
}

/* Both of a header of 14 bytes at least, whose bytes 12 and 13 are read together. */
static __always_inline __u32 tcp_header_length(const __u8 *header)
{
	return load_half_word(header + 12) >> 2 & 0x3c;
}

static __always_inline __u16 tcp_bits(const __u8 *header)
{
	__u32 bits = bpf_ntohs(load_half_word(header + 12));
	__u32 syn_with_ack = bits & bits >> 3 & 0x002;	/* RFC 9293 §3.1 */

	return (bits & 0x0fff) | syn_with_ack * (WEIR_TCP_SYN_ACK / 0x002);
}

/* The first fragment of a segment may be too short to hold its flags. */
static __always_inline enum packet_kind
parse_tcp_fragment(struct cursor *cursor, struct packet_view *packet)
{
	__u8 *header = cursor->at;
	enum packet_kind kind;
	__u32 left = cursor->left;

	kind = parse_ports(cursor, packet, sizeof(struct tcphdr), 1);
	if (kind != PACKET_IP)
		return kind;
	if (left < 14) {
		packet->tcp_bits = WEIR_TCP_HIDDEN;
		return PACKET_IP;
	}
	if ((void *)(header + 14) > cursor->end)
		return PACKET_TRUNCATED;
	packet->tcp_bits = tcp_bits(header);
	return PACKET_IP;
}

static __always_inline enum packet_kind parse_tcp(struct cursor *cursor,
						  struct packet_view *packet)
{
	struct tcphdr *tcp = cursor->at;
	__u8 *header = cursor->at;
	__u32 length;

	if (cursor->left < sizeof(*tcp))
		return PACKET_MALFORMED;
	if ((void *)(tcp + 1) > cursor->end)
		return PACKET_TRUNCATED;
	length = tcp_header_length(header);
	if (length < sizeof(*tcp) || length > cursor->left)
		return PACKET_MALFORMED;
	packet->src_port = tcp->source;
	packet->dst_port = tcp->dest;
	packet->tcp_bits = tcp_bits(header);
	cursor->left -= length;
	return PACKET_IP;
}

static __always_inline enum packet_kind
parse_transport(struct cursor *cursor, const struct frame *frame,
		struct packet_view *packet)
{
	int is_fragment = packet->fragment != FRAGMENT_NONE;

	switch (packet->protocol) {
	case IPPROTO_TCP:
		if (is_fragment)
			return parse_tcp_fragment(cursor, packet);
		return parse_tcp(cursor, packet);
	case IPPROTO_UDP:
	case UDP_LITE_PROTOCOL:
		return parse_udp(cursor, frame, packet);
	case IPPROTO_SCTP:
		return parse_ports(cursor, packet, SCTP_HEADER_MIN, is_fragment);
	case IPPROTO_DCCP:
		return parse_ports(cursor, packet, DCCP_HEADER_MIN, is_fragment);
	case IPPROTO_ICMP:
		if (packet->key_kind & WEIR_KEY_IPV6)
			return PACKET_IP;
		return parse_icmp(cursor, frame, packet, ICMP_HEADER_MIN);
	case IPPROTO_ICMPV6:
		if (!(packet->key_kind & WEIR_KEY_IPV6))
			return PACKET_IP;
		return parse_icmp(cursor, frame, packet, ICMPV6_HEADER_MIN);
	default:
		return PACKET_IP;
	}
}

#endif
