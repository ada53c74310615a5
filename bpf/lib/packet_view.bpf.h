/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * A frame on its way through the accounting: what the hook knows of it, then
 * what parse found. Host order but where said.
 */
#ifndef WEIR_PACKET_VIEW_BPF_H
#define WEIR_PACKET_VIEW_BPF_H

#include <linux/if_ether.h>
#include <linux/types.h>

#include "../include/weir_abi.h"

/*
 * Behind a guest's write the program's instructions come from the second-level
 * cache: what is rare is kept out of the way of what is not.
 */
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define likely(condition) __builtin_expect(!!(condition), 1)

/*
 * Loads of 8, 4 and 2 bytes from wherever they are: one instruction each. Of a
 * header the compiler knows that it may lie anywhere, and loads byte by byte;
 * kernels with a BPF JIT run on machines that need not.
 */
typedef __u64 __attribute__((may_alias)) word;
typedef __u32 __attribute__((may_alias)) port_pair;
typedef __u16 __attribute__((may_alias)) half_word;

static __always_inline __u64 load_word(const void *at)
{
	return *(const word *)at;
}

static __always_inline __u32 load_ports(const void *at)
{
	return *(const port_pair *)at;
}

static __always_inline __u16 load_half_word(const void *at)
{
	return *(const half_word *)at;
}

/* What the hook knows. */
struct frame {
	void *context;		/* the program's */
	void *data;		/* the Ethernet header */
	void *data_end;		/* end of what can be read directly */
	__u32 length;		/* of the whole frame, readable or not */
	__u32 gso_size;		/* payload of one segment; 0: one wire packet */
	__u32 gso_segments;	/* 0: unknown */
	__u16 vlan_id;		/* of the tag that is not in the data */
	__u8 has_vlan;		/* 1: there is such a tag */
};

enum packet_kind {
	PACKET_IP,		/* whole, with a flow of its own */
	PACKET_NOT_IP,
	PACKET_MALFORMED,	/* its headers contradict each other */
	PACKET_TRUNCATED,	/* it ends before its headers or its IP length do */
	PACKET_BEYOND_LIMITS,	/* more headers than are read */
};

enum fragment_kind {
	FRAGMENT_NONE,
	FRAGMENT_FIRST,
	FRAGMENT_LATER,		/* carries no transport header */
	FRAGMENT_WITHOUT_FLOW,	/* later, and its first was never seen */
};

/* What is kept of the first packet of a flow alone. */
struct packet_origin {
	__u64 mac[2];		/* bytes 0-7 and 4-11 of the frame */
	__u8 dscp;
	__u8 time_to_live;	/* IPv6: the hop limit */
	__u8 zero[6];
};

/* What parse found; packets and octets are right for every kind. */
struct packet_view {
	__u64 src_addr[2];	/* as weir_flow_key has them */
	__u64 dst_addr[2];
	struct packet_origin origin;
	__u32 packets;		/* on the wire */
	__u32 octets;		/* as weir_totals has them */
	__u32 fragment_id;	/* wire order */
	union {
		struct {
			__u16 src_port;	/* wire order; ICMP: the type */
			__u16 dst_port;	/* wire order; ICMP: the code */
		};
		__u32 ports;		/* both, as a key's word has them */
	};
	__u16 vlan_id;
	__u16 inner_vlan_id;
	__u16 tcp_bits;		/* WEIR_TCP_BITS, WEIR_TCP_HIDDEN */
	__u16 ether_type;	/* host order; of what is not IP alone */
	__u8 key_kind;		/* WEIR_KEY_*, but for the direction */
	__u8 protocol;
	__u8 fragment;		/* enum fragment_kind */
	__u8 is_arp;		/* 1: ARP for IPv4, whole and well-formed */
	__u16 payload;		/* of ICMP: where its message is in the frame */
	__u8 fragment_protocol;	/* as weir_fragment has it */
	__u8 zero[5];
};

/*
 * Completes the origin of a packet. plain is the Ethernet header of one that
 * was found plain, whose origin is not read yet: few need it, and what is
 * not read does not take registers from others. Else NULL.
 */
static __always_inline void packet_origin(struct packet_origin *origin,
					  const struct packet_view *packet,
					  const void *plain)
{
	const __u8 *ip = plain + sizeof(struct ethhdr);

	if (!plain) {
		*origin = packet->origin;
		return;
	}
	origin->mac[0] = load_word(plain);
	origin->mac[1] = load_word(plain + 4);
	if (packet->key_kind & WEIR_KEY_IPV6) {
		origin->dscp = (ip[0] & 0x0f) << 2 | ip[1] >> 6;
		origin->time_to_live = ip[7];
	} else {
		origin->dscp = ip[1] >> 2;
		origin->time_to_live = ip[8];
	}
}

#endif
