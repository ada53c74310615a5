// SPDX-License-Identifier: GPL-2.0-only
/* Frames that the host receives from the port: TCX or clsact ingress. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/tc.bpf.h"

SEC("tc")
int weir_tc_from(struct __sk_buff *skb)
{
	return tc_account(skb, direction_from_port());
}

char _license[] SEC("license") = "GPL";
