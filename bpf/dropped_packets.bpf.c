// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that the host's own stack drops: bridge, netfilter, routing, sockets.
 * The kernel says why (kfree_skb, with its reason since Linux 5.17); what came
 * in by some interface is parsed as the programs of ports do, and counted by
 * flow and reason.
 *
 * The frame may have lost its Ethernet header, or been given to another
 * interface: what is read begins at the network header.
 *
 * Contexts: wherever packets are dropped. The kernel does not run a program of
 * this kind that is interrupted by itself on its CPU (6.1), but counts the
 * times: what is kept for each CPU has one writer.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "include/weir_drops.h"

/* IPv6 extensions that are longer make a packet that is not counted here. */
#define PACKET_COPY 512
#define FRAME_OFFSET_MAX (PACKET_COPY - 1)

/* void (*)(struct sk_buff *, void *location, enum skb_drop_reason, ...) */
#define ARGUMENT_SKB 0
#define ARGUMENT_REASON 2

/* Of the kernel's own, what is read here; its BTF says where that lies. */
#define KERNEL_TYPE __attribute__((preserve_access_index))

struct ns_common {
	unsigned int inum;
} KERNEL_TYPE;

struct net {
	struct ns_common ns;
} KERNEL_TYPE;

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	possible_net_t nd_net;
} KERNEL_TYPE;

struct skb_shared_info {
	__u16 gso_size;
	__u16 gso_segs;
} KERNEL_TYPE;

struct sk_buff {
	struct net_device *dev;
	unsigned char *head;
	unsigned int tail;
	unsigned int end;
	unsigned int data_len;
	int skb_iif;
	__be16 protocol;
	__u16 network_header;
} KERNEL_TYPE;

/* As much of a packet as its flow is in, behind an Ethernet header made up. */
struct dropped_packet {
	__u32 copied;		/* bytes, the Ethernet header among them */
	__u32 zero;
	__u8 bytes[PACKET_COPY + 64];
};

#define FRAME_CONTEXT struct dropped_packet

static __always_inline void *frame_data(FRAME_CONTEXT *dropped)
{
	return dropped->bytes;
}

static __always_inline void *frame_data_end(FRAME_CONTEXT *dropped)
{
	__u32 copied = dropped->copied;

	return dropped->bytes + (copied <= PACKET_COPY ? copied : 0);
}

#include "lib/control.bpf.h"
#include "lib/parse.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dropped_packet);
} weir_dropping SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_DROP_ENTRIES);
	__type(key, struct weir_drop_key);
	__type(value, struct weir_drop_count);
} weir_drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, struct weir_drop_device);
	__type(value, __u32);
} weir_drop_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct weir_drop_share);
} weir_drop_parts SEC(".maps");

/* Where another CPU was first, what it made is found. */
static __always_inline void make(const struct weir_drop_key *key,
				struct weir_drop_share *share)
{
	struct weir_drop_count none = {};

	if (__sync_fetch_and_add(&share->made, 1) - share->removed <
		    WEIR_DROP_PORT_SHARE &&
	    !bpf_map_update_elem(&weir_drops, key, &none, BPF_NOEXIST))
		return;
	__sync_fetch_and_add(&share->made, -1);
}

/*
 * The port that it came in by; 0: by another interface of a namespace that has
 * ports, such as a bridge that it was lifted to; negative: elsewhere. What has
 * left a port for the machine behind it, if that is a namespace of this host,
 * is elsewhere.
 */
static __always_inline int port_of(const struct sk_buff *skb)
{
	struct weir_drop_device device = {};
	const struct net_device *dev = skb->dev;
	__u32 *port;

	if (!dev)
		return -1;
	device.ifindex = skb->skb_iif;
	device.network_namespace = BPF_CORE_READ(dev, nd_net.net, ns.inum);
	port = bpf_map_lookup_elem(&weir_drop_ports, &device);
	if (!port) {
		device.ifindex = 0;
		port = bpf_map_lookup_elem(&weir_drop_ports, &device);
	}
	return port ? (int)*port : -1;
}

/* 0 where the beginning of the packet is not in one piece, or out of reach. */
static __always_inline int keep(struct dropped_packet *dropped,
				struct frame *frame, const struct sk_buff *skb)
{
	struct skb_shared_info *shared = (void *)(skb->head + skb->end);
	struct ethhdr *ethernet = (void *)dropped->bytes;
	__u32 start = skb->network_header;
	__u32 linear = skb->tail - start;

	if (skb->tail <= start)
		return 0;
	frame->length = sizeof(*ethernet) + linear + skb->data_len;
	if (linear > PACKET_COPY - sizeof(*ethernet))
		linear = PACKET_COPY - sizeof(*ethernet);
	if (bpf_probe_read_kernel(ethernet + 1, linear, skb->head + start))
		return 0;
	__builtin_memset(ethernet, 0, sizeof(*ethernet));
	ethernet->h_proto = skb->protocol;
	dropped->copied = sizeof(*ethernet) + linear;
	frame->gso_size = BPF_CORE_READ(shared, gso_size);
	frame->gso_segments =
		frame->gso_size ? BPF_CORE_READ(shared, gso_segs) : 0;
	return 1;
}

/* A global function: looked at by the verifier once. */
__noinline int drop_parse(struct dropped_packet *dropped,
			  struct frame *frame, struct packet_view *packet)
{
	if (!dropped || !frame || !packet)
		return PACKET_MALFORMED;
	frame->context = dropped;
	frame->data = frame_data(dropped);
	frame->data_end = frame_data_end(dropped);
	return parse(frame, packet);
}

static __always_inline void count(const struct weir_drop_key *key,
				  const struct packet_view *packet)
{
	struct weir_drop_count *count = bpf_map_lookup_elem(&weir_drops, key);
	struct weir_drop_share *share;
	__u32 port = key->flow.port;
	struct weir_drop_sum *sum;

	if (!count) {
		share = bpf_map_lookup_elem(&weir_drop_parts, &port);
		if (!share)
			return;
		make(key, share);
		count = bpf_map_lookup_elem(&weir_drops, key);
		if (!count) {
			__sync_fetch_and_add(&share->missed, 1);
			return;
		}
	}
	/* Frames that are counted at the same time are of the same window. */
	sum = &count->of[weir_control.window % WEIR_GENERATIONS];
	__sync_fetch_and_add(&sum->packets, packet->packets);
	__sync_fetch_and_add(&sum->octets, packet->octets);
	count->last_ns = bpf_ktime_get_ns();
}

SEC("tp_btf/kfree_skb")
int weir_dropped(__u64 *arguments)
{
	struct sk_buff *skb = (void *)arguments[ARGUMENT_SKB];
	struct dropped_packet *dropped;
	struct packet_view packet = {};
	struct weir_drop_key key = {};
	struct frame frame = {};
	__u32 index = 0;
	int port;

	/* What the host sends itself came in nowhere. */
	if (!skb->skb_iif)
		return 0;
	port = port_of(skb);
	if (port < 0)
		return 0;
	dropped = bpf_map_lookup_elem(&weir_dropping, &index);
	if (!dropped || !keep(dropped, &frame, skb))
		return 0;
	if (drop_parse(dropped, &frame, &packet) != PACKET_IP ||
	    packet.fragment >= FRAGMENT_LATER)
		return 0;
	__builtin_memcpy(key.flow.src_addr, packet.src_addr,
			 WEIR_ADDRESS_LENGTH);
	__builtin_memcpy(key.flow.dst_addr, packet.dst_addr,
			 WEIR_ADDRESS_LENGTH);
	key.flow.src_port = packet.src_port;
	key.flow.dst_port = packet.dst_port;
	key.flow.port = port;
	key.flow.protocol = packet.protocol;
	key.flow.kind = packet.key_kind;
	key.reason = (__u32)arguments[ARGUMENT_REASON];
	count(&key, &packet);
	return 0;
}

char _license[] SEC("license") = "GPL";
