// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that the host receives from the port, before anything else can drop
 * them: XDP, native or generic. XDP cannot see GSO: a super-frame is one
 * packet here. Nor does it see a VLAN tag that the driver took out of the data.
 *
 * Contexts: native XDP runs in the driver's NAPI poll, or in the write to a tap
 * (tun_build_skb), generic XDP in netif_receive_skb and in tun_get_user: with
 * bottom halves off in each, as TC's programs. None of them can interrupt
 * another on the same CPU, nor be moved to another CPU while at it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAME_CONTEXT struct xdp_md

#include "lib/account.bpf.h"
#include "lib/parse_plain.bpf.h"

static __always_inline void xdp_frame(struct frame *frame, struct xdp_md *xdp)
{
	__builtin_memset(frame, 0, sizeof(*frame));
	frame->context = xdp;
	frame->data = (void *)(long)xdp->data;
	frame->data_end = (void *)(long)xdp->data_end;
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

SEC("xdp.frags")
int weir_xdp_from(struct xdp_md *xdp)
{
	struct packet_view plain = {};
	struct frame frame;

	xdp_frame(&frame, xdp);
	/* What is not in the first buffer goes the long way: a call less. */
	frame.length = frame.data_end - frame.data;
	if (parse_plain(&frame, &plain)) {
		account(PACKET_IP, &plain, direction_from_port());
	} else {
		struct packet_view packet;
		int kind = xdp_parse(xdp, &packet);

		account(kind, &packet, direction_from_port());
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
