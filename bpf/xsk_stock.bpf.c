// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is put on an AF_XDP port when Weir leaves it while the switch has it
 * open: does what libxdp's own program does, and is taken for it.
 *
 * libxdp counts the sockets of a program in refcnt and detaches it at zero,
 * after which it must not deliver any more. The sockets that were opened before
 * do not count here: the one that it begins with stands for them, and the
 * switch takes the program away by the interface.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/xsk.bpf.h"

/* The first variable of its section: libxdp reads it without looking. */
volatile int refcnt = 1;

SEC("xdp")
int xsk_def_prog(struct xdp_md *xdp)
{
	return refcnt ? xsk_deliver(xdp) : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
