// SPDX-License-Identifier: GPL-2.0-only
/*
 * What xdp_from_port.bpf.c does, called by xdp_entry.bpf.c. In a section that
 * does not mark it as one for frames of several parts, which it takes all the
 * same: the kernel lets only programs of one marking call each other, and
 * libxdp takes the mark off the entry and gives it to the dispatcher.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/xdp.bpf.h"

SEC("xdp")
int weir_xdp_from(struct xdp_md *xdp)
{
	if (xdp_account(xdp, direction_from_port()))
		return XDP_DROP;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
