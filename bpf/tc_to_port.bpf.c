// SPDX-License-Identifier: GPL-2.0-only
/* Frames that the host sends to the port: TCX or clsact egress. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/tc.bpf.h"

SEC("tc")
int weir_tc_to(struct __sk_buff *skb)
{
	return tc_account(skb, direction_to_port());
}

char _license[] SEC("license") = "GPL";
