// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's ticks, for user space, which has no other way to them. Run by
 * BPF_PROG_TEST_RUN alone; returns the lower half of jiffies.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int weir_clock(struct __sk_buff *skb)
{
	(void)skb;
	return bpf_jiffies64();
}

char _license[] SEC("license") = "GPL";
