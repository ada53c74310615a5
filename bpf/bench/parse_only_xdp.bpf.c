// SPDX-License-Identifier: GPL-2.0-only
/* Weir's parser at the XDP hook with no table behind it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAME_CONTEXT struct xdp_md

#include "../lib/parse.bpf.h"

/* Makes the compiler believe that somebody reads the value. */
#define keep(value) asm volatile("" : : "r"(&(value)) : "memory")

SEC("xdp.frags")
int parse_only_xdp(struct xdp_md *xdp)
{
	struct frame frame = {
		.context = xdp,
		.data = (void *)(long)xdp->data,
		.data_end = (void *)(long)xdp->data_end,
		.length = bpf_xdp_get_buff_len(xdp),
	};
	struct weir_flow_key key = {};
	struct packet_view packet = {};

	parse(&frame, &key, &packet);
	keep(key);
	keep(packet);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
