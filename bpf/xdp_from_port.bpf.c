// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that the host receives from the port, before anything else can drop
 * them: XDP, native or generic. XDP cannot see GSO: a super-frame is one
 * packet here. Nor does it see a VLAN tag that the driver took out of the data.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAME_CONTEXT struct xdp_md

#include "lib/account.bpf.h"
#include "lib/parse.bpf.h"

SEC("xdp.frags")
int weir_xdp_from(struct xdp_md *xdp)
{
	struct frame frame = {
		.context = xdp,
		.data = (void *)(long)xdp->data,
		.data_end = (void *)(long)xdp->data_end,
		.length = bpf_xdp_get_buff_len(xdp),
	};
	struct weir_flow_key key = {
		.port = weir_port_config.port,
		.direction = direction_from_port(),
	};
	struct packet_view packet = {};

	account(parse(&frame, &key, &packet), &key, &packet);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
