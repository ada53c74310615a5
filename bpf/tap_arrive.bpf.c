// SPDX-License-Identifier: GPL-2.0-only
/*
 * At the ingress of a VXLAN device in collect-metadata mode: copies that a known
 * host sends under a known number go to the interface that is theirs. All else is
 * dropped: the host has no use for it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "include/weir_abi.h"
#include "include/weir_copies.h"

#define TC_DROP 2

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_TAP_ARRIVALS);
	__type(key, struct weir_tap_sender);
	__type(value, struct weir_tap_arrival);
} weir_tap_from SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} weir_tap_strang SEC(".maps");

static __always_inline int sender_make(struct weir_tap_sender *sender,
				       struct __sk_buff *skb)
{
	struct bpf_tunnel_key key = {};

	if (!bpf_skb_get_tunnel_key(skb, &key, sizeof(key), 0)) {
		*(__u32 *)sender->address = __builtin_bswap32(key.remote_ipv4);
	} else {
		if (bpf_skb_get_tunnel_key(skb, &key, sizeof(key),
					   BPF_F_TUNINFO_IPV6))
			return -1;
		__builtin_memcpy(sender->address, key.remote_ipv6,
				 sizeof(sender->address));
		sender->is_ipv6 = 1;
	}
	sender->vni = key.tunnel_id;
	return 0;
}

SEC("tc")
int weir_tap_arrive(struct __sk_buff *skb)
{
	struct weir_tap_sender sender = {};
	struct weir_tap_arrival *arrival;
	__u64 *strangers;
	__u32 index = 0;

	if (sender_make(&sender, skb))
		return TC_DROP;
	arrival = bpf_map_lookup_elem(&weir_tap_from, &sender);
	if (!arrival) {
		strangers = bpf_map_lookup_elem(&weir_tap_strang, &index);
		if (strangers)
			__sync_fetch_and_add(strangers, 1);
		return TC_DROP;
	}
	skb->mark = WEIR_COPY_MARK;
	__sync_fetch_and_add(&arrival->packets, 1);
	__sync_fetch_and_add(&arrival->bytes, skb->len);
	return bpf_redirect(arrival->interface, 0);
}

char _license[] SEC("license") = "GPL";
