// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference: flow accounting as it is commonly written. A PERCPU_HASH of
 * 40-byte keys, bpf_ktime_get_ns, two counters and two times, behind a parser
 * of plain Ethernet, IPv4 or IPv6, and TCP or UDP. What it cannot parse it
 * does not count.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TC_NEXT (-1)

struct reference_key {
	__u8 source[16];
	__u8 destination[16];
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 ip_version;
	__u16 zero;
};

struct reference_flow {
	__u64 packets;
	__u64 octets;
	__u64 first_ns;
	__u64 last_ns;
};

_Static_assert(sizeof(struct reference_key) == 40, "key");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, struct reference_key);
	__type(value, struct reference_flow);
} reference_flows SEC(".maps");

struct ports {
	__be16 source;
	__be16 destination;
};

/* Returns the packet's octets, or 0. */
static __always_inline __u32 parse(void *data, void *data_end,
				   struct reference_key *key)
{
	struct ethhdr *ethernet = data;
	struct ports *ports;
	__u32 octets;

	if ((void *)(ethernet + 1) > data_end)
		return 0;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(ethernet + 1);

		if ((void *)(ip + 1) > data_end || ip->ihl != 5)
			return 0;
		__builtin_memcpy(key->source, &ip->saddr, 4);
		__builtin_memcpy(key->destination, &ip->daddr, 4);
		key->protocol = ip->protocol;
		key->ip_version = 4;
		octets = bpf_ntohs(ip->tot_len);
		ports = (void *)(ip + 1);
	} else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(ethernet + 1);

		if ((void *)(ip + 1) > data_end)
			return 0;
		__builtin_memcpy(key->source, &ip->saddr, 16);
		__builtin_memcpy(key->destination, &ip->daddr, 16);
		key->protocol = ip->nexthdr;
		key->ip_version = 6;
		octets = bpf_ntohs(ip->payload_len) + sizeof(*ip);
		ports = (void *)(ip + 1);
	} else {
		return 0;
	}
	if (key->protocol != IPPROTO_TCP && key->protocol != IPPROTO_UDP)
		return 0;
	if ((void *)(ports + 1) > data_end)
		return 0;
	key->source_port = ports->source;
	key->destination_port = ports->destination;
	return octets;
}

static __always_inline void account(void *data, void *data_end)
{
	struct reference_flow *flow;
	struct reference_key key = {};
	__u64 now_ns;
	__u32 octets;

	octets = parse(data, data_end, &key);
	if (!octets)
		return;
	now_ns = bpf_ktime_get_ns();
	flow = bpf_map_lookup_elem(&reference_flows, &key);
	if (flow) {
		flow->packets++;
		flow->octets += octets;
		flow->last_ns = now_ns;
	} else {
		struct reference_flow first = {
			.packets = 1,
			.octets = octets,
			.first_ns = now_ns,
			.last_ns = now_ns,
		};

		bpf_map_update_elem(&reference_flows, &key, &first, BPF_ANY);
	}
}

SEC("tc")
int reference_tc(struct __sk_buff *skb)
{
	account((void *)(long)skb->data, (void *)(long)skb->data_end);
	return TC_NEXT;
}

SEC("xdp.frags")
int reference_xdp(struct xdp_md *xdp)
{
	account((void *)(long)xdp->data, (void *)(long)xdp->data_end);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
