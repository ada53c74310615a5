// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port's place among the programs that libxdp's dispatcher calls one after
 * the other. It calls the program that counts, which can so be replaced without
 * another dispatcher: that would be built anew, and know no way to put one
 * program in the place of another.
 *
 * Marked for frames of several parts, so that it does not take them from the
 * others: libxdp marks the dispatcher so where all programs are.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "include/weir_abi.h"

/* One program; there is none for a moment before and after. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(max_entries, 1);
} weir_program SEC(".maps");

/*
 * Only its type is read, from the BTF. Programs run in the order of their
 * priorities, 50 where they have none, and as long as they pass the frame.
 */
struct {
	__uint(priority, WEIR_RUN_PRIORITY);
	__uint(XDP_PASS, 1);
} _weir_xdp_entry SEC(".xdp_run_config");

SEC("xdp.frags")
int weir_xdp_entry(struct xdp_md *xdp)
{
	bpf_tail_call(xdp, &weir_program, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
