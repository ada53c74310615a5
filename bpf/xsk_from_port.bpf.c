// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames from a port that a switch reads through an AF_XDP socket: counted,
 * then given to the socket, as libxdp's own program does. libxdp adopts this
 * one, and never detaches it, since it has no variable refcnt.
 *
 * Not for frames of several parts, as libxdp's is not: libxdp would not take
 * it otherwise on a driver that sends those. What the socket has no room for is
 * counted all the same: the machine has sent it.
 *
 * Contexts: those of xdp_from_port.bpf.c.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/xdp.bpf.h"
#include "lib/xsk.bpf.h"

SEC("xdp")
int xsk_def_prog(struct xdp_md *xdp)
{
	if (xdp_account(xdp))
		return XDP_DROP;
	return xsk_deliver(xdp);
}

char _license[] SEC("license") = "GPL";
