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

#include "lib/xdp.bpf.h"

SEC("xdp.frags")
int weir_xdp_from(struct xdp_md *xdp)
{
	if (xdp_account(xdp))
		return XDP_DROP;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
