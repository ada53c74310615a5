// SPDX-License-Identifier: GPL-2.0-only
/* Weir's parser at the XDP hook with no table behind it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../lib/xdp.bpf.h"

/* Makes the compiler believe that the value is read. */
#define keep(value) asm volatile("" : : "r"(&(value)) : "memory")

SEC("xdp.frags")
int parse_only_xdp(struct xdp_md *xdp)
{
	struct packet_view packet = {};
	struct frame frame;
	int is_plain = 0;

	xdp_frame(&frame, xdp);
	switch (plain_ether_type(&frame)) {
	case bpf_htons(ETH_P_IP):
		is_plain = plain_ipv4(&frame, &packet);
		break;
	case bpf_htons(ETH_P_IPV6):
		is_plain = plain_ipv6(&frame, &packet);
		break;
	}
	if (!is_plain)
		xdp_parse(xdp, &packet);
	keep(packet);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
