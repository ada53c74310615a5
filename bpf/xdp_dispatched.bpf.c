// SPDX-License-Identifier: GPL-2.0-only
/*
 * What xdp_from_port.bpf.c does, as one of the programs that libxdp's
 * dispatcher calls one after the other. It is loaded as a replacement of a
 * function of that dispatcher, and such a program cannot be replaced in its
 * place. So it always asks the policy, which says nothing about a port that has
 * none, and it knows how to hand over to the entry of another version.
 *
 * It does not call another program that could be replaced: since Linux 6.13 (and
 * in 6.12 with its fixes) the verifier takes a tail call for a change of the
 * packet, and lets no program that changes packets replace a function that does
 * not.
 *
 * Marked for frames of several parts, so that it does not take them from the
 * others: libxdp marks the dispatcher so where all programs are.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/xdp.bpf.h"

/* Every version comes before those before it. */
_Static_assert(WEIR_RUN_PRIORITY >= 0, "run priority");

/*
 * Only its type is read, from the BTF. Programs run in the order of their
 * priorities, 50 where they have none, and as long as they pass the frame.
 */
struct {
	__uint(priority, WEIR_RUN_PRIORITY);
	__uint(XDP_PASS, 1);
} _weir_xdp_entry SEC(".xdp_run_config");

struct claim_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
};

/*
 * 1: the entry of a later version, before this one in the dispatcher, has
 * counted the frame that is on its way on this CPU.
 */
struct claim_map weir_claimed SEC(".maps");
/* The same of the entry of an earlier version, which comes behind this one. */
struct claim_map weir_claims SEC(".maps");

/*
 * Taken back when it is read: the next frame of this CPU may meet a dispatcher
 * that does not call the later version yet.
 */
static __always_inline int claim_take(void)
{
	__u32 index = 0;
	__u64 *claimed = bpf_map_lookup_elem(&weir_claimed, &index);

	if (!claimed || likely(!*claimed))
		return 0;
	*claimed = 0;
	return 1;
}

/* Only of a frame that goes on to the next entry. */
static __always_inline void claim_give(void)
{
	__u32 index = 0;
	__u64 *claim = bpf_map_lookup_elem(&weir_claims, &index);

	if (claim)
		*claim = 1;
}

SEC("xdp.frags")
int weir_xdp_entry(struct xdp_md *xdp)
{
	if (unlikely(claim_take()))
		return XDP_PASS;
	if (xdp_account(xdp))
		return XDP_DROP;
	claim_give();
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
