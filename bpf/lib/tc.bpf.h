/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the two TC programs share: from an skb to a frame, and its account. */
#ifndef WEIR_TC_BPF_H
#define WEIR_TC_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAME_CONTEXT struct __sk_buff

#include "account.bpf.h"
#include "parse.bpf.h"

/* The next program or filter has its say: TCX_NEXT and TC_ACT_UNSPEC alike. */
#define TC_NEXT (-1)

/* A global function: called twice, looked at by the verifier once. */
__noinline int tc_parse(struct __sk_buff *skb, struct weir_flow_key *key,
			struct packet_view *packet)
{
	struct frame frame = {
		.context = skb,
		.data = (void *)(long)skb->data,
		.data_end = (void *)(long)skb->data_end,
		.length = skb->len,
		.gso_size = skb->gso_size,
		.gso_segments = skb->gso_segs,
		.vlan_id = skb->vlan_tci & VLAN_ID_MASK,
		.has_vlan = skb->vlan_present,
	};

	if (!key || !packet)
		return PACKET_MALFORMED;
	__builtin_memset(key, 0, sizeof(*key));
	__builtin_memset(packet, 0, sizeof(*packet));
	return parse(&frame, key, packet);
}

/* 1 where headers may lie outside the linear area and could be brought in. */
static __always_inline int tc_pull_headers(struct __sk_buff *skb)
{
	__u32 linear = skb->data_end - skb->data;
	__u32 wanted = skb->len;

	if (wanted > FRAME_OFFSET_MAX)
		wanted = FRAME_OFFSET_MAX;
	return linear < wanted && !bpf_skb_pull_data(skb, wanted);
}

static __always_inline int tc_account(struct __sk_buff *skb, __u8 direction)
{
	struct packet_view packet;
	struct weir_flow_key key;
	int kind;

	kind = tc_parse(skb, &key, &packet);
	if (kind == PACKET_TRUNCATED && tc_pull_headers(skb))
		kind = tc_parse(skb, &key, &packet);
	key.port = weir_port_config.port;
	key.direction = direction;
	account(kind, &key, &packet);
	return TC_NEXT;
}

#endif
