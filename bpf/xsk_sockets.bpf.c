// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether an AF_XDP socket is open on a queue, which user space has no other
 * way to ask: it cannot read an XSKMAP. Run by BPF_PROG_TEST_RUN alone, on a
 * frame that begins with the number of the queue in host order; returns 1 or 0.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/xsk.bpf.h"

SEC("xdp")
int weir_xsk_find(struct xdp_md *xdp)
{
	__u32 *queue = (void *)(long)xdp->data;

	if ((void *)(queue + 1) > (void *)(long)xdp->data_end)
		return 0;
	return bpf_map_lookup_elem(&xsks_map, queue) != NULL;
}

char _license[] SEC("license") = "GPL";
