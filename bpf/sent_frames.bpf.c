// SPDX-License-Identifier: GPL-2.0-only
/*
 * Around __dev_direct_xmit(): what a port's own program needs of a frame is
 * kept before the driver has it, since afterwards the frame is gone; and the
 * port's program is called when the driver has taken it. A driver that is busy
 * leaves the frame to its sender, which gives it again.
 *
 * For all ports, since every frame that goes this way meets every program that
 * is here. A frame's port is the one whose XDP link its device carries: no
 * index or name, which another device could have by now.
 *
 * Contexts: tasks that send, interrupted by packets that arrive, and on kernels
 * that preempt themselves by one another. The kernel runs no program that is
 * interrupted by itself on its CPU, but counts the times (recursion_misses).
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "lib/sent.bpf.h"

/* int __dev_direct_xmit(struct sk_buff *skb, u16 queue_id) */
#define ARGUMENT_SKB 0
#define RESULT 2
/* include/linux/netdevice.h: the driver did not take the frame. */
#define NETDEV_TX_BUSY 0x10
/* The same: generic and native; a port is in one of them. */
#define XDP_MODE_SKB 0
#define XDP_MODE_DRV 1
/* Ethernet, IPv4 with options or IPv6, TCP: what nearly all frames need. */
#define SENT_USUAL 128

/* Of the kernel's own, what is read here; its BTF says where that lies. */
#define KERNEL_TYPE __attribute__((preserve_access_index))

struct bpf_link {
	__u32 id;
} KERNEL_TYPE;

struct bpf_xdp_link {
	struct bpf_link link;
} KERNEL_TYPE;

struct bpf_xdp_entity {
	struct bpf_xdp_link *link;
} KERNEL_TYPE;

struct net_device {
	struct bpf_xdp_entity xdp_state[XDP_MODE_DRV + 1];
} KERNEL_TYPE;

struct skb_shared_info {
	__u16 gso_size;
	__u16 gso_segs;
} KERNEL_TYPE;

struct sk_buff {
	struct net_device *dev;
	unsigned char *head;
	unsigned char *data;
	__u32 end;
	__u32 len;
	__u32 data_len;
} KERNEL_TYPE;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, __u32);
} weir_sent_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, __u32);
} weir_sent_progs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} weir_sent_miss SEC(".maps");

/* Ports whose frames are kept as far as there is room for them: they are copied. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, __u32);
} weir_sent_whole SEC(".maps");

static __always_inline int is_wanted_whole(__u32 port)
{
	__u32 *whole = bpf_map_lookup_elem(&weir_sent_whole, &port);

	return whole && *whole;
}

static __always_inline __u32 *port_behind(const struct bpf_xdp_link *link)
{
	__u32 id;

	if (!link)
		return NULL;
	id = link->link.id;
	return bpf_map_lookup_elem(&weir_sent_ports, &id);
}

/* By constant indices: of others the loader could not correct the place. */
static __always_inline __u32 *port_of(const struct net_device *device)
{
	__u32 *port = port_behind(device->xdp_state[XDP_MODE_SKB].link);

	return port ?: port_behind(device->xdp_state[XDP_MODE_DRV].link);
}

/* Where there is no memory to keep the frame in. */
static __always_inline void count_missed(void)
{
	__u32 index = 0;
	__u64 *missed = bpf_map_lookup_elem(&weir_sent_miss, &index);

	if (missed)
		__sync_fetch_and_add(missed, 1);
}

static __always_inline void copy(struct weir_sent_frame *sent,
				 const struct sk_buff *skb, __u32 most)
{
	__u32 length = skb->len - skb->data_len;

	if (length > most)
		length = most;
	sent->copied = length;
	if (bpf_probe_read_kernel(sent->bytes, length, skb->data))
		sent->copied = 0;
}

/* 1 where headers cannot lie behind what is usually kept. */
static __always_inline int is_usual(const struct weir_sent_frame *sent)
{
	struct ethhdr *ethernet = (void *)sent->bytes;
	struct ipv6hdr *ip = (void *)(ethernet + 1);

	switch (ethernet->h_proto) {
	case bpf_htons(ETH_P_IP):
		return 1;
	case bpf_htons(ETH_P_IPV6):
		return ip->nexthdr == IPPROTO_TCP ||
		       ip->nexthdr == IPPROTO_UDP ||
		       ip->nexthdr == IPPROTO_ICMPV6;
	default:
		return 0;
	}
}

static __always_inline void keep(struct weir_sent_frame *sent,
				 const struct sk_buff *skb)
{
	struct skb_shared_info *shared = (void *)(skb->head + skb->end);

	sent->length = skb->len;
	sent->gso_size = BPF_CORE_READ(shared, gso_size);
	sent->gso_segments = BPF_CORE_READ(shared, gso_segs);
	copy(sent, skb, SENT_USUAL);
	if (sent->copied == SENT_USUAL &&
	    (!is_usual(sent) || is_wanted_whole(sent->port)))
		copy(sent, skb, WEIR_SENT_COPY);
}

SEC("fentry/__dev_direct_xmit")
int weir_sent_begin(__u64 *arguments)
{
	struct sk_buff *skb = (void *)arguments[ARGUMENT_SKB];
	__u32 *port = port_of(skb->dev);
	struct weir_sent_frame *sent;

	if (!port)
		return 0;
	sent = sent_frame(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!sent) {
		count_missed();
		return 0;
	}
	sent->skb = (__u64)skb;
	sent->port = *port;
	keep(sent, skb);
	return 0;
}

SEC("fexit/__dev_direct_xmit")
int weir_sent_end(__u64 *arguments)
{
	struct weir_sent_frame *sent = sent_frame(0);

	if (!sent || sent->skb != arguments[ARGUMENT_SKB])
		return 0;
	sent->skb = 0;
	if ((int)arguments[RESULT] != NETDEV_TX_BUSY)
		bpf_tail_call(arguments, &weir_sent_progs, sent->port);
	return 0;
}

char _license[] SEC("license") = "GPL";
