// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor: each packet reads and writes one cache line of an array, and only
 * that line says which is next, so that no two can be fetched at a time. No
 * table that keeps a line a flow can beat it but by overlapping its packets.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TC_NEXT (-1)
#define UNUSED __attribute__((unused))

struct floor_line {
	__u64 packets;
	__u32 next;
	__u32 zero[13];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct floor_line);
} floor_lines SEC(".maps");

/* The line whose turn it is. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} floor_turn SEC(".maps");

static __always_inline void visit(void)
{
	struct floor_line *line;
	__u32 zero = 0, index;
	__u64 *turn;

	turn = bpf_map_lookup_elem(&floor_turn, &zero);
	if (!turn)
		return;
	index = *turn;
	line = bpf_map_lookup_elem(&floor_lines, &index);
	if (!line)
		return;
	*turn = line->next;
	line->packets++;
}

SEC("tc")
int cache_miss_tc(UNUSED struct __sk_buff *skb)
{
	visit();
	return TC_NEXT;
}

SEC("xdp.frags")
int cache_miss_xdp(UNUSED struct xdp_md *xdp)
{
	visit();
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
