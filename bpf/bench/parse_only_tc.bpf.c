// SPDX-License-Identifier: GPL-2.0-only
/* Weir's parser at the TC hook with no table behind it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../lib/tc.bpf.h"

/* Makes the compiler believe that somebody reads the value. */
#define keep(value) asm volatile("" : : "r"(&(value)) : "memory")

SEC("tc")
int parse_only_tc(struct __sk_buff *skb)
{
	struct packet_view packet = {};
	struct frame frame;

	tc_frame(&frame, skb);
	if (!parse_plain(&frame, &packet))
		tc_parse_any(skb, &packet);
	keep(packet);
	return TC_NEXT;
}

char _license[] SEC("license") = "GPL";
