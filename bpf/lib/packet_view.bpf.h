/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * A frame on its way through the accounting: what the hook knows of it, then
 * what parse found. Host order but where said.
 */
#ifndef WEIR_PACKET_VIEW_BPF_H
#define WEIR_PACKET_VIEW_BPF_H

#include <linux/types.h>

#include "../include/weir_abi.h"

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
};

enum fragment_kind {
	FRAGMENT_NONE,
	FRAGMENT_FIRST,
	FRAGMENT_LATER,		/* carries no transport header */
	FRAGMENT_WITHOUT_FLOW,	/* later, and its first was never seen */
};

/* What parse found; packets and octets are right for every kind. */
struct packet_view {
	__u32 packets;		/* on the wire */
	__u32 octets;		/* as weir_totals has them */
	__u32 fragment_id;	/* wire order */
	__u16 tcp_control_bits;
	__u8 fragment;		/* enum fragment_kind */
	__u8 dscp;
	__u8 src_mac[WEIR_MAC_LENGTH];
	__u8 dst_mac[WEIR_MAC_LENGTH];
};

#endif
