/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the two TC programs share: from an skb to a frame, and its account. */
#ifndef WEIR_TC_BPF_H
#define WEIR_TC_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAME_CONTEXT struct __sk_buff

static __always_inline void *frame_data(FRAME_CONTEXT *context)
{
	return (void *)(long)context->data;
}

static __always_inline void *frame_data_end(FRAME_CONTEXT *context)
{
	return (void *)(long)context->data_end;
}

static __always_inline __u32 frame_length(FRAME_CONTEXT *context)
{
	return context->len;
}

#define FRAME_INTERFACE(context) ((context)->ifindex)
#include "device.bpf.h"

#ifdef WEIR_LINKS
struct sk_buff {
	struct net_device *dev;
} KERNEL_TYPE;

static __always_inline struct net_device *frame_device(FRAME_CONTEXT *context)
{
	struct sk_buff *skb = bpf_cast_to_kern_ctx(context);

	return skb->dev;
}
#endif

#define FRAME_TAG(context) ((context)->vlan_tci)
#define FRAME_HAS_TAG(context) ((context)->vlan_present)
#define FRAME_GSO_SIZE(context) ((context)->gso_size)

#include "account.bpf.h"

#ifdef WEIR_SAMPLES
static __always_inline int frame_read(FRAME_CONTEXT *context, __u8 *bytes,
				      __u32 length)
{
	return bpf_skb_load_bytes(context, 0, bytes, length);
}
#endif

/* The next program or filter has its say: TCX_NEXT and TC_ACT_UNSPEC alike. */
#define TC_NEXT (-1)
/* TCX_DROP and TC_ACT_SHOT alike. */
#define TC_DROP 2

static __always_inline void tc_frame(struct frame *frame, struct __sk_buff *skb)
{
	frame->context = skb;
	frame->data = frame_data(skb);
	frame->data_end = frame_data_end(skb);
	frame->length = skb->len;
	frame->gso_size = skb->gso_size;
	frame->gso_segments = frame->gso_size ? skb->gso_segs : 0;
	frame->vlan_id = skb->vlan_tci & VLAN_ID_MASK;
	frame->has_vlan = skb->vlan_present;
}

/* A global function: called twice, looked at by the verifier once. */
__noinline int tc_parse(struct __sk_buff *skb, struct packet_view *packet)
{
	struct frame frame;

	if (!packet)
		return PACKET_MALFORMED;
	tc_frame(&frame, skb);
	__builtin_memset(packet, 0, sizeof(*packet));
	return parse(&frame, packet);
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

/* The long way, for whatever frame. */
static __always_inline int frame_parse_any(struct __sk_buff *skb,
					   struct packet_view *packet)
{
	int kind = tc_parse(skb, packet);

	if (kind == PACKET_TRUNCATED && tc_pull_headers(skb))
		kind = tc_parse(skb, packet);
	return kind;
}

#ifdef WEIR_SAMPLES
#include "frame_judge.bpf.h"
#endif

#ifdef WEIR_COPIES
static __always_inline __u32 frame_copied(FRAME_CONTEXT *context)
{
	return context->len;
}

#include "tc_copy.bpf.h"
#endif

static __always_inline int tc_account(struct __sk_buff *skb, enum side side)
{
	struct account where;
	struct frame frame;
	int said;

#ifdef WEIR_COPIES
	if (unlikely(skb->mark == WEIR_COPY_MARK))
		return tc_carry(skb);
#endif
	if (account_open(&where, skb, side))
		return TC_NEXT;	/* of no port */
	tc_frame(&frame, skb);
	said = account_plain(&where, &frame);
	if (unlikely(said < 0)) {
#ifdef WEIR_SAMPLES
		struct packet_view *packet = packet_copied();

		if (!packet)
			return TC_NEXT;
		barrier_var(skb);
		said = account(&where, frame_parse_any(skb, packet), packet,
			       skb);
#else
		struct packet_view packet;
		int kind = PACKET_IP;

		/* Anew, or the short way would hold what this one needs. */
		barrier_var(skb);
		tc_frame(&frame, skb);
		if (!parse_direct(&frame, &packet))
			kind = frame_parse_any(skb, &packet);
		said = account(&where, kind, &packet, skb);
#endif
	}
#ifdef WEIR_SAMPLES
	said = frame_said(skb, side, said);
#endif
	account_sample(&where, skb, said);
#ifdef WEIR_COPIES
	if (unlikely(said & SAID_WANTED))
		frame_copy(skb, side, said);
#endif
	return unlikely(SAID_RULING(said) == WEIR_RULING_DROP) ? TC_DROP :
								  TC_NEXT;
}

#endif
