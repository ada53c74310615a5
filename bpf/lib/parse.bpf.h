/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * From a frame to its flow key: Ethernet, up to three VLAN tags, IPv4 with
 * options, IPv6 with extension headers, the transport's ports. Reads only, no
 * maps; every path returns a kind, none decides what happens to the frame.
 *
 * FRAME_CONTEXT, defined by the includer, is the type of its context.
 */
#ifndef WEIR_PARSE_BPF_H
#define WEIR_PARSE_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "packet_view.bpf.h"

#define VLAN_TAGS_MAX 3
#define VLAN_ID_MASK 0x0fff
/* A chain longer than this is refused, as RFC 8504 §5.3 lets a host do. */
#define IPV6_EXTENSIONS_MAX 8

/* Where headers may begin at most: keeps the verifier's offsets bounded. */
#define FRAME_OFFSET_MAX 0x3fff

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV6_MORE_FRAGMENTS 0x0001
#define IPV6_FRAGMENT_OFFSET 0xfff8

/* Shortest transport headers: RFC 9293, 768, 3828, 9260, 4340, 792, 4443. */
#define UDP_LITE_PROTOCOL 136
#define SCTP_HEADER_MIN 12
#define DCCP_HEADER_MIN 12
#define ICMP_HEADER_MIN 8
#define ICMPV6_HEADER_MIN 4
/* Fragments but the last carry a multiple of this: RFC 791 §3.2. */
#define FRAGMENT_UNIT 8

struct vlan_tag {
	__be16 tci;
	__be16 next;
};

struct ipv6_extension {
	__u8 next;
	__u8 length;
	__u8 rest[6];
};

struct ipv6_fragment {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 identification;
};

struct transport_ports {
	__u16 src;
	__u16 dst;
};

/* A place in the frame. */
struct cursor {
	void *at;
	void *end;	/* of what can be read */
	__u32 left;	/* bytes of the frame, then of the IP packet, from at on */
};

/* Where a chain of IPv6 extension headers was entered, and where it led. */
struct extension_walk {
	__u32 offset;		/* from the start of the frame */
	__u32 left;		/* bytes of the IP packet from offset on */
	__u32 fragment_id;
	__u8 protocol;		/* of what lies at offset */
	__u8 fragment;		/* enum fragment_kind */
	__u16 zero;
};

/* The next header, or NULL where it cannot be read. */
static __always_inline void *cursor_take(struct cursor *cursor, __u32 length)
{
	void *header = cursor->at;

	if (cursor->left < length || header + length > cursor->end)
		return NULL;
	cursor->at += length;
	cursor->left -= length;
	return header;
}

static __always_inline int is_vlan(__be16 ether_type)
{
	return ether_type == bpf_htons(ETH_P_8021Q) ||
	       ether_type == bpf_htons(ETH_P_8021AD);
}

static __always_inline void key_add_vlan(struct weir_flow_key *key, int depth,
					 __u16 vlan_id)
{
	if (depth == 0)
		key->vlan_id = vlan_id;
	else if (depth == 1)
		key->inner_vlan_id = vlan_id;
}

/* Ethernet and tags. Returns the type of what follows; -1 where it is cut. */
static __always_inline int parse_ethernet(struct cursor *cursor,
					  const struct frame *frame,
					  struct weir_flow_key *key,
					  struct packet_view *packet)
{
	struct ethhdr *ethernet = cursor_take(cursor, sizeof(*ethernet));
	int depth = 0;
	__be16 type;

	if (!ethernet) {
		cursor->left = 0;
		return -1;
	}
	__builtin_memcpy(packet->src_mac, ethernet->h_source, WEIR_MAC_LENGTH);
	__builtin_memcpy(packet->dst_mac, ethernet->h_dest, WEIR_MAC_LENGTH);
	type = ethernet->h_proto;
	if (frame->has_vlan)
		key_add_vlan(key, depth++, frame->vlan_id);
#pragma unroll
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_tag *tag;

		if (!is_vlan(type) || depth >= VLAN_TAGS_MAX)
			break;
		tag = cursor_take(cursor, sizeof(*tag));
		if (!tag)
			return -1;
		key_add_vlan(key, depth++, bpf_ntohs(tag->tci) & VLAN_ID_MASK);
		type = tag->next;
	}
	return bpf_ntohs(type);
}

/*
 * Moves over the transport's header where it is one that has ports, or type
 * and code. needed is its shortest form.
 */
static __always_inline enum packet_kind
parse_ports(struct cursor *cursor, struct weir_flow_key *key, __u32 needed,
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
	key->src_port = ports->src;
	key->dst_port = ports->dst;
	cursor->at += needed;
	cursor->left -= needed;
	return PACKET_IP;
}

static __always_inline enum packet_kind parse_icmp(struct cursor *cursor,
						   struct weir_flow_key *key,
						   __u32 needed)
{
	__u8 *type_and_code = cursor->at;

	if (cursor->left < needed)
		return PACKET_MALFORMED;
	if ((void *)(type_and_code + 2) > cursor->end)
		return PACKET_TRUNCATED;
	key->src_port = bpf_htons(type_and_code[0]);
	key->dst_port = bpf_htons(type_and_code[1]);
	cursor->at += needed;
	cursor->left -= needed;
	return PACKET_IP;
}

/* The first fragment of a segment may be too short to hold its flags. */
static __always_inline enum packet_kind
parse_tcp_fragment(struct cursor *cursor, struct weir_flow_key *key,
		   struct packet_view *packet)
{
	__u8 *header = cursor->at;
	enum packet_kind kind;
	__u32 left = cursor->left;

	kind = parse_ports(cursor, key, sizeof(struct tcphdr), 1);
	if (kind != PACKET_IP || left < 14)
		return kind;
	if ((void *)(header + 14) > cursor->end)
		return PACKET_TRUNCATED;
	packet->tcp_control_bits = (header[12] & 0x0f) << 8 | header[13];
	return PACKET_IP;
}

static __always_inline enum packet_kind parse_tcp(struct cursor *cursor,
						  struct weir_flow_key *key,
						  struct packet_view *packet)
{
	struct tcphdr *tcp = cursor->at;
	__u8 *header = cursor->at;
	__u32 length;

	if (cursor->left < sizeof(*tcp))
		return PACKET_MALFORMED;
	if ((void *)(tcp + 1) > cursor->end)
		return PACKET_TRUNCATED;
	length = (header[12] >> 4) * 4;
	if (length < sizeof(*tcp) || length > cursor->left)
		return PACKET_MALFORMED;
	key->src_port = tcp->source;
	key->dst_port = tcp->dest;
	packet->tcp_control_bits = (header[12] & 0x0f) << 8 | header[13];
	cursor->left -= length;
	return PACKET_IP;
}

static __always_inline enum packet_kind
parse_transport(struct cursor *cursor, struct weir_flow_key *key,
		struct packet_view *packet)
{
	int is_fragment = packet->fragment != FRAGMENT_NONE;

	switch (key->protocol) {
	case IPPROTO_TCP:
		if (is_fragment)
			return parse_tcp_fragment(cursor, key, packet);
		return parse_tcp(cursor, key, packet);
	case IPPROTO_UDP:
	case UDP_LITE_PROTOCOL:
		return parse_ports(cursor, key, sizeof(struct udphdr),
				   is_fragment);
	case IPPROTO_SCTP:
		return parse_ports(cursor, key, SCTP_HEADER_MIN, is_fragment);
	case IPPROTO_DCCP:
		return parse_ports(cursor, key, DCCP_HEADER_MIN, is_fragment);
	case IPPROTO_ICMP:
		if (key->ip_version != 4)
			return PACKET_IP;
		return parse_icmp(cursor, key, ICMP_HEADER_MIN);
	case IPPROTO_ICMPV6:
		if (key->ip_version != 6)
			return PACKET_IP;
		return parse_icmp(cursor, key, ICMPV6_HEADER_MIN);
	default:
		return PACKET_IP;
	}
}

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
	   struct weir_flow_key *key, struct packet_view *packet)
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

	__builtin_memcpy(key->src_addr, &ip->saddr, sizeof(ip->saddr));
	__builtin_memcpy(key->dst_addr, &ip->daddr, sizeof(ip->daddr));
	key->ip_version = 4;
	key->protocol = ip->protocol;
	packet->dscp = ip->tos >> 2;
	packet->fragment_id = ip->id;
	fragment = bpf_ntohs(ip->frag_off);
	if (fragment & IPV4_FRAGMENT_OFFSET)
		packet->fragment = FRAGMENT_LATER;
	else if (fragment & IPV4_MORE_FRAGMENTS)
		packet->fragment = FRAGMENT_FIRST;

	cursor->at += header_length;
	cursor->left -= header_length;
	return PACKET_IP;
}

/* A fragment inside a first fragment does not change which one was cut last. */
static __always_inline void walk_fragment(struct extension_walk *walk,
					  const struct ipv6_fragment *header)
{
	__u16 offset = bpf_ntohs(header->offset);

	if (offset & IPV6_FRAGMENT_OFFSET)
		walk->fragment = FRAGMENT_LATER;
	else if (offset & IPV6_MORE_FRAGMENTS &&
		 walk->fragment == FRAGMENT_NONE)
		walk->fragment = FRAGMENT_FIRST;
	else
		return;
	walk->fragment_id = header->identification;
}

static __always_inline int is_ipv6_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT ||
	       protocol == IPPROTO_AH;
}

/* Length of the extension in octets: RFC 8200 §4.3-4.6, RFC 4302 §2.2. */
static __always_inline __u32 ipv6_extension_length(__u8 protocol, __u8 field)
{
	switch (protocol) {
	case IPPROTO_FRAGMENT:
		return sizeof(struct ipv6_fragment);
	case IPPROTO_AH:
		return (field + 2) * 4;
	default:
		return (field + 1) * 8;
	}
}

static __always_inline int walk_ended(const struct extension_walk *walk)
{
	return walk->fragment == FRAGMENT_LATER ||
	       !is_ipv6_extension(walk->protocol);
}

static __always_inline enum packet_kind
walk_step(struct extension_walk *walk, void *data, void *data_end)
{
	struct ipv6_extension *header = data + walk->offset;
	__u32 length;

	if (walk->left < sizeof(*header))
		return PACKET_MALFORMED;
	if ((void *)(header + 1) > data_end)
		return PACKET_TRUNCATED;
	length = ipv6_extension_length(walk->protocol, header->length);
	if (length > walk->left)
		return PACKET_MALFORMED;
	if (walk->protocol == IPPROTO_FRAGMENT)
		walk_fragment(walk, (void *)header);
	walk->protocol = header->next;
	walk->offset += length;
	walk->left -= length;
	return PACKET_IP;
}

/*
 * Moves over the extension headers. A global function: the verifier looks at
 * it once, not once for every way in which a frame can come to it.
 */
__noinline int walk_extensions(FRAME_CONTEXT *context,
			       struct extension_walk *walk)
{
	void *data_end = (void *)(long)context->data_end;
	void *data = (void *)(long)context->data;

	if (!walk)
		return PACKET_MALFORMED;
	for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		enum packet_kind kind;

		if (walk_ended(walk))
			return PACKET_IP;
		if (walk->offset > FRAME_OFFSET_MAX)
			return PACKET_MALFORMED;
		kind = walk_step(walk, data, data_end);
		if (kind != PACKET_IP)
			return kind;
	}
	return walk_ended(walk) ? PACKET_IP : PACKET_MALFORMED;
}

/* Leaves the transport's number in the key, and the cursor at its header. */
static __always_inline enum packet_kind
parse_ipv6_extensions(struct cursor *cursor, const struct frame *frame,
		      struct weir_flow_key *key, struct packet_view *packet)
{
	struct extension_walk walk = {
		.offset = cursor->at - frame->data,
		.left = cursor->left,
		.protocol = key->protocol,
	};
	int kind = walk_extensions(frame->context, &walk);

	if (kind != PACKET_IP)
		return kind;
	if (walk.offset > FRAME_OFFSET_MAX)
		return PACKET_MALFORMED;
	key->protocol = walk.protocol;
	packet->fragment = walk.fragment;
	packet->fragment_id = walk.fragment_id;
	cursor->at = frame->data + walk.offset;
	cursor->left = walk.left;
	return PACKET_IP;
}

static __always_inline enum packet_kind
parse_ipv6(struct cursor *cursor, const struct frame *frame,
	   struct weir_flow_key *key, struct packet_view *packet)
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

	__builtin_memcpy(key->src_addr, &ip->saddr, sizeof(ip->saddr));
	__builtin_memcpy(key->dst_addr, &ip->daddr, sizeof(ip->daddr));
	key->ip_version = 6;
	key->protocol = ip->nexthdr;
	packet->dscp = ip->priority << 2 | ip->flow_lbl[0] >> 6;

	cursor->at += sizeof(*ip);
	cursor->left -= sizeof(*ip);
	if (!is_ipv6_extension(key->protocol))
		return PACKET_IP;
	return parse_ipv6_extensions(cursor, frame, key, packet);
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
						 struct weir_flow_key *key,
						 struct packet_view *packet)
{
	switch (ether_type) {
	case ETH_P_IP:
		return parse_ipv4(cursor, frame, key, packet);
	case ETH_P_IPV6:
		return parse_ipv6(cursor, frame, key, packet);
	case -1:
		return PACKET_TRUNCATED;
	default:
		return PACKET_NOT_IP;
	}
}

/* key and packet are zero when this is called. */
static __always_inline enum packet_kind
parse(const struct frame *frame, struct weir_flow_key *key,
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
	ether_type = parse_ethernet(&cursor, frame, key, packet);
	after_ethernet = cursor.left;
	kind = parse_ip(&cursor, frame, ether_type, key, packet);
	if (kind == PACKET_IP && packet->fragment != FRAGMENT_LATER)
		kind = parse_transport(&cursor, key, packet);
	if (kind == PACKET_IP)
		count_segments(&cursor, frame, packet);
	else
		packet->octets = after_ethernet;
	return kind;
}

#endif
