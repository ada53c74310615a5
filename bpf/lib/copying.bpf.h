/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * A copy on its way. Sending one calls, before it returns, the programs at the
 * interface that it leaves by: what they need to know of it is here.
 */
#ifndef WEIR_COPYING_BPF_H
#define WEIR_COPYING_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../include/weir_copies.h"

struct copying {
	__u32 session;		/* its index + 1; 0: no copy is on its way */
	__u32 keep;		/* bytes of the frame; 0: all */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct copying);
} weir_copying SEC(".maps");

static __always_inline struct copying *copying_now(void)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(&weir_copying, &index);
}

/* Negative where it cannot be cut. Only once, whatever it passes. */
static __always_inline int copy_cut(struct __sk_buff *skb,
				    struct copying *copying)
{
	__u32 keep = copying->keep;

	copying->keep = 0;
	if (!keep || skb->len <= keep)
		return 0;
	return bpf_skb_change_tail(skb, keep, 0);
}

#endif
