/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From an XDP context to a frame, and its account. */
#ifndef WEIR_XDP_BPF_H
#define WEIR_XDP_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAME_CONTEXT struct xdp_md

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
	return bpf_xdp_get_buff_len(context);
}

/* Else the program is for one port. */
#ifdef WEIR_LINKS
#define FRAME_INTERFACE(context) ((context)->ingress_ifindex)
#include "device.bpf.h"

struct xdp_rxq_info {
	struct net_device *dev;
} KERNEL_TYPE;

struct xdp_buff {
	struct xdp_rxq_info *rxq;
} KERNEL_TYPE;

static __always_inline struct net_device *frame_device(FRAME_CONTEXT *context)
{
	struct xdp_buff *buffer = bpf_cast_to_kern_ctx(context);

	return buffer->rxq->dev;
}
#endif

#include "account.bpf.h"

#ifdef WEIR_SAMPLES
static __always_inline int frame_read(FRAME_CONTEXT *context, __u8 *bytes,
				      __u32 length)
{
	return bpf_xdp_load_bytes(context, 0, bytes, length);
}
#endif

static __always_inline void xdp_frame(struct frame *frame, struct xdp_md *xdp)
{
	__builtin_memset(frame, 0, sizeof(*frame));
	frame->context = xdp;
	frame->data = frame_data(xdp);
	frame->data_end = frame_data_end(xdp);
	/* What is not in the first buffer goes the long way: a call less. */
	frame->length = frame->data_end - frame->data;
}

/* The long way, for whatever frame; a function as tc_parse() is one. */
__noinline int xdp_parse(struct xdp_md *xdp, struct packet_view *packet)
{
	struct frame frame;

	if (!packet)
		return PACKET_MALFORMED;
	xdp_frame(&frame, xdp);
	frame.length = bpf_xdp_get_buff_len(xdp);
	__builtin_memset(packet, 0, sizeof(*packet));
	return parse(&frame, packet);
}

#ifdef WEIR_SAMPLES
static __always_inline int frame_parse_any(struct xdp_md *xdp,
					   struct packet_view *packet)
{
	return xdp_parse(xdp, packet);
}

#include "frame_judge.bpf.h"
#endif

#ifdef WEIR_COPIES
static __always_inline __u32 frame_copied(FRAME_CONTEXT *context)
{
	return bpf_xdp_get_buff_len(context);
}

#include "frame_copy.bpf.h"
#endif

/*
 * 1 where the policy has the frame dropped; else what becomes of it is the
 * caller's to say.
 */
static __always_inline int xdp_account(struct xdp_md *xdp)
{
	struct account where;
	struct frame frame;
	int said;

	if (account_open(&where, xdp, FROM_PORT))
		return 0;	/* of no port */
	xdp_frame(&frame, xdp);
	said = account_plain(&where, &frame);
	if (unlikely(said < 0)) {
#ifdef WEIR_SAMPLES
		struct packet_view *packet = packet_copied();

		if (!packet)
			return 0;
		said = account(&where, frame_parse_any(xdp, packet), packet,
			       xdp);
#else
		struct packet_view packet;
		int kind = PACKET_IP;

		if (!parse_direct(&frame, &packet))
			kind = xdp_parse(xdp, &packet);
		said = account(&where, kind, &packet, xdp);
#endif
	}
#ifdef WEIR_SAMPLES
	said = frame_said(xdp, FROM_PORT, said);
#endif
	account_sample(&where, xdp, said);
#ifdef WEIR_COPIES
	if (unlikely(said & SAID_WANTED))
		frame_copy(xdp, FROM_PORT, said);
#endif
	return unlikely(SAID_RULING(said) == WEIR_RULING_DROP);
}

#endif
