// SPDX-License-Identifier: GPL-2.0-only
/* Weir's parser at the XDP hook with no table behind it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../lib/xdp.bpf.h"

/* Makes the compiler believe that somebody reads the value. */
#define keep(value) asm volatile("" : : "r"(&(value)) : "memory")

SEC("xdp.frags")
int parse_only_xdp(struct xdp_md *xdp)
{
	struct packet_view packet = {};
	struct frame frame;

	xdp_frame(&frame, xdp);
	if (!parse_plain(&frame, &packet))
		xdp_parse(xdp, &packet);
	keep(packet);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
