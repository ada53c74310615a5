// SPDX-License-Identifier: GPL-2.0-only
/* Weir's parser at the TC hook with no table behind it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../lib/tc.bpf.h"

/* Makes the compiler believe that the value is read. */
#define keep(value) asm volatile("" : : "r"(&(value)) : "memory")

SEC("tc")
int parse_only_tc(struct __sk_buff *skb)
{
	struct packet_view packet = {};
	struct frame frame;
	int is_plain = 0;

	tc_frame(&frame, skb);
	switch (plain_ether_type(&frame)) {
	case bpf_htons(ETH_P_IP):
		is_plain = plain_ipv4(&frame, &packet);
		break;
	case bpf_htons(ETH_P_IPV6):
		is_plain = plain_ipv6(&frame, &packet);
		break;
	}
	if (!is_plain)
		frame_parse_any(skb, &packet);
	keep(packet);
	return TC_NEXT;
}

char _license[] SEC("license") = "GPL";
