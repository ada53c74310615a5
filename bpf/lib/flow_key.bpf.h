/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * From a parsed packet to its flow key, with the window and the version of the
 * policy, as weir_control has it, that are the flow's; made of whole words: a word that is
 * stored in pieces and then read as one costs as much as the rest of the hash.
 */
#ifndef WEIR_FLOW_KEY_BPF_H
#define WEIR_FLOW_KEY_BPF_H

#include <linux/types.h>

#include "config.bpf.h"
#include "packet_view.bpf.h"

#define KEY_WORDS 6
/* The last word: inner VLAN id, protocol and kind below, the window above; the
 * version of the policy in bits that these leave free. */
#define KEY_PROTOCOL_SHIFT 16
#define KEY_KIND_SHIFT 24
#define KEY_WINDOW_SHIFT 32

union key_words {
	struct weir_flow_key key;
	__u64 words[KEY_WORDS];
};

_Static_assert(sizeof(union key_words) == sizeof(struct weir_flow_key),
	       "a key is whole words");
_Static_assert(WEIR_EGRESS == 1 && WEIR_INGRESS == 0,
	       "a direction is multiplied by its bit of the kind");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "words are composed for little-endian machines");

/* Where a packet counts: read once a frame. */
struct open_window {
	__u32 number;
	__u32 generation;
	__u32 cpu;
	__u32 policy;		/* the policy's version, as a key has it */
	__u16 port;
	__u8 direction;		/* enum weir_direction */
};

/* window: the open one's number, or 0 where the engine has no windows in keys. */
static __always_inline void flow_key_make(union key_words *key,
					  const struct packet_view *packet,
					  const struct open_window *open,
					  __u32 window)
{
	__u32 kind = packet->key_kind | open->direction * WEIR_KEY_EGRESS;

	key->words[0] = packet->src_addr[0];
	key->words[1] = packet->src_addr[1];
	key->words[2] = packet->dst_addr[0];
	key->words[3] = packet->dst_addr[1];
	key->words[4] = packet->ports | (__u64)open->port << 32 |
			(__u64)packet->vlan_id << 48;
	key->words[5] = packet->inner_vlan_id |
			(__u64)packet->protocol << KEY_PROTOCOL_SHIFT |
			(__u64)kind << KEY_KIND_SHIFT | open->policy |
			(__u64)window << KEY_WINDOW_SHIFT;
}

#endif
