// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that the host receives from the port: TCX or clsact ingress.
 *
 * Contexts: runs in __netif_receive_skb_core(), which is called in a NAPI poll
 * or, for a frame written to a tap, with bottom halves off: it can interrupt
 * no other program of ours on its CPU, and none can interrupt it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/tc.bpf.h"

SEC("tc")
int weir_tc_from(struct __sk_buff *skb)
{
	return tc_account(skb, direction_from_port());
}

char _license[] SEC("license") = "GPL";
