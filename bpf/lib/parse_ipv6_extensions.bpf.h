/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The chain of IPv6 extension headers: hop-by-hop, routing, destination
 * options, fragment (RFC 8200) and authentication (RFC 4302), which IPv4 has, too.
 *
 * FRAME_CONTEXT, defined by the program, is the type of its context, or of what
 * else has the frame; frame_data() and frame_data_end() say where.
 */
#ifndef WEIR_PARSE_IPV6_EXTENSIONS_BPF_H
#define WEIR_PARSE_IPV6_EXTENSIONS_BPF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "cursor.bpf.h"
#include "packet_view.bpf.h"

/* A chain longer than this is refused, as RFC 8504 §5.3 lets a host do. */
#define IPV6_EXTENSIONS_MAX 8

#define IPV6_MORE_FRAGMENTS 0x0001
#define IPV6_FRAGMENT_OFFSET 0xfff8

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

/* Where a chain of IPv6 extension headers was entered, and where it led. */
struct extension_walk {
	__u32 offset;		/* from the start of the frame */
	__u32 left;		/* bytes of the IP packet from offset on */
	__u32 fragment_id;
	__u8 protocol;		/* of what lies at offset */
	__u8 fragment;		/* enum fragment_kind */
	__u8 is_ipv4;		/* 1: only authentication is an extension */
	__u8 zero;
};

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
	if (walk->fragment == FRAGMENT_LATER)
		return 1;
	return walk->is_ipv4 ? walk->protocol != IPPROTO_AH :
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
	void *data_end, *data;

	if (!context || !walk)
		return PACKET_MALFORMED;
	data_end = frame_data_end(context);
	data = frame_data(context);
	for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		enum packet_kind kind;

		if (walk_ended(walk))
			return PACKET_IP;
		if (walk->offset > FRAME_OFFSET_MAX)
			return PACKET_BEYOND_LIMITS;
		kind = walk_step(walk, data, data_end);
		if (kind != PACKET_IP)
			return kind;
	}
	return walk_ended(walk) ? PACKET_IP : PACKET_BEYOND_LIMITS;
}

/* Leaves the transport's number in the view, and the cursor at its header. */
static __always_inline enum packet_kind
parse_extensions(struct cursor *cursor, const struct frame *frame,
		 struct packet_view *packet)
{
	struct extension_walk walk = {
		.offset = cursor->at - frame->data,
		.left = cursor->left,
		.fragment_id = packet->fragment_id,
		.protocol = packet->protocol,
		.fragment = packet->fragment,
		.is_ipv4 = !(packet->key_kind & WEIR_KEY_IPV6),
	};
	int kind = walk_extensions(frame->context, &walk);

	if (kind != PACKET_IP)
		return kind;
	if (walk.offset > FRAME_OFFSET_MAX)
		return PACKET_BEYOND_LIMITS;
	packet->protocol = walk.protocol;
	packet->fragment = walk.fragment;
	packet->fragment_id = walk.fragment_id;
	cursor->at = frame->data + walk.offset;
	cursor->left = walk.left;
	return PACKET_IP;
}

#endif
