// SPDX-License-Identifier: GPL-2.0-only
/* Programs that do nothing: what is taken off, and the least a hook costs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TC_NEXT (-1)
#define UNUSED __attribute__((unused))

SEC("tc")
int empty_tc(UNUSED struct __sk_buff *skb)
{
	return TC_NEXT;
}

SEC("xdp")
int empty_xdp(UNUSED struct xdp_md *xdp)
{
	return XDP_PASS;
}

SEC("xdp.frags")
int empty_xdp_frags(UNUSED struct xdp_md *xdp)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
