// SPDX-License-Identifier: GPL-2.0-only
/* Weir's parser at the TC hook with no table behind it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../lib/tc.bpf.h"

SEC("tc")
int parse_only_tc(struct __sk_buff *skb)
{
	struct packet_view packet;
	struct weir_flow_key key;

	tc_parse(skb, &key, &packet);
	return TC_NEXT;
}

char _license[] SEC("license") = "GPL";
