// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that the host receives from a port, and frames that it sends to one:
 * TCX or clsact, ingress and egress.
 *
 * Contexts: what is received runs in __netif_receive_skb_core(), which is called
 * in a NAPI poll or, for a frame written to a tap, with bottom halves off. What
 * is sent runs in __dev_queue_xmit() under rcu_read_lock_bh(), also where the
 * sender is a process or another interface's receive path: there it comes after
 * that path's own program has returned. They can interrupt no other program of
 * ours on their CPU, and none can interrupt them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/tc.bpf.h"

SEC("tc")
int weir_tc_from(struct __sk_buff *skb)
{
	return tc_account(skb, FROM_PORT);
}

SEC("tc")
int weir_tc_to(struct __sk_buff *skb)
{
	return tc_account(skb, TO_PORT);
}

char _license[] SEC("license") = "GPL";
