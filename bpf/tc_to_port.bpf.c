// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that the host sends to the port: TCX or clsact egress.
 *
 * Contexts: runs in __dev_queue_xmit() under rcu_read_lock_bh(), also where the
 * sender is a process or another interface's receive path. There it comes after
 * that path's own program has returned: one after the other, never one in the
 * other on the same CPU.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/tc.bpf.h"

SEC("tc")
int weir_tc_to(struct __sk_buff *skb)
{
	return tc_account(skb, direction_to_port());
}

char _license[] SEC("license") = "GPL";
