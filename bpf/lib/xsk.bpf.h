/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What libxdp looks for in the program of an interface before it opens an
 * AF_XDP socket there: a map xsks_map, and a version that it understands. A
 * program with both that is called xsk_def_prog it takes for its own.
 */
#ifndef WEIR_XSK_BPF_H
#define WEIR_XSK_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* By receive queue; user space puts that of the port in its place. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(max_entries, 64);
} xsks_map SEC(".maps");

/* Only its type is read, from the BTF: an array of as many as the version. */
__uint(xsk_prog_version, 1) SEC("xdp_metadata");

/* To the socket of the frame's queue; where there is none, the kernel's way. */
static __always_inline int xsk_deliver(struct xdp_md *xdp)
{
	return bpf_redirect_map(&xsks_map, xdp->rx_queue_index, XDP_PASS);
}

#endif
